import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as fc from "fast-check"
import type { FailureKind } from "../../src/policies/failure.ts"
import { defaultPolicy } from "../../src/policies/policy.ts"
import { backoffMillis, isGivenUp, isWorthAnotherAtOnce } from "../../src/policies/retry.ts"

const failure = (kind: FailureKind) => ({ kind, text: "" })
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe("the backoff", () => {
  it("is a random share of the base, doubled with every attempt, up to the cap: full jitter", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        random,
        (attempts, base, cap, share) => {
          const longest = Math.min(cap, base * 2 ** (attempts - 1))
          const wait = backoffMillis(
            failure("retryable"),
            attempts,
            { base: Duration.millis(base), cap: Duration.millis(cap) },
            share
          )
          assert.strictEqual(wait, Math.floor(share * longest))
        }
      )
    )
  })

  it("by default begins within a second and never exceeds five minutes", () => {
    const almostOne = 1 - Number.EPSILON
    assert.strictEqual(backoffMillis(failure("retryable"), 1, defaultPolicy.backoff, almostOne), 999)
    assert.strictEqual(backoffMillis(failure("retryable"), 2, defaultPolicy.backoff, almostOne), 1_999)
    assert.strictEqual(backoffMillis(failure("retryable"), 100, defaultPolicy.backoff, almostOne), 299_999)
    assert.strictEqual(backoffMillis(failure("retryable"), 100, defaultPolicy.backoff, 0), 0)
  })
})

describe("what another attempt has in hand", () => {
  const inHand = (withinMillis: number) => ({ ...failure("retryable"), withinMillis })

  it("is looked at after the backoff, and no later than it can be in hand", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: -1_000, max: 600_000 }),
        random,
        (attempts, held, share) => {
          const { backoff } = defaultPolicy
          const wait = backoffMillis(inHand(held), attempts, backoff, share)
          assert.strictEqual(
            wait,
            Math.min(Math.max(0, held), backoffMillis(failure("retryable"), attempts, backoff, share))
          )
        }
      )
    )
  })

  it("is not tried again in place", () => {
    assert.isFalse(isWorthAnotherAtOnce(inHand(5_000), 1, { ...defaultPolicy, immediateAttempts: 5 }))
    assert.isFalse(isGivenUp(inHand(5_000), 1, defaultPolicy))
  })
})

describe("another attempt", () => {
  it("follows at once only for what a moment can mend, and as often as the policy says", () => {
    const policy = { ...defaultPolicy, immediateAttempts: 3 }
    assert.isTrue(isWorthAnotherAtOnce(failure("retryable"), 1, policy))
    assert.isTrue(isWorthAnotherAtOnce(failure("retryable"), 2, policy))
    assert.isFalse(isWorthAnotherAtOnce(failure("retryable"), 3, policy))
    for (const kind of ["impossible", "dependency", "unknown", "database"] as const) {
      assert.isFalse(isWorthAnotherAtOnce(failure(kind), 1, policy), kind)
    }
  })

  it("never follows beyond the last", () => {
    const policy = { ...defaultPolicy, immediateAttempts: 5, maxAttempts: 2 }
    assert.isTrue(isWorthAnotherAtOnce(failure("retryable"), 1, policy))
    assert.isFalse(isWorthAnotherAtOnce(failure("retryable"), 2, policy))
    assert.isFalse(isGivenUp(failure("retryable"), 1, policy))
    assert.isTrue(isGivenUp(failure("retryable"), 2, policy))
  })

  it("never follows for what no retry can help", () => {
    assert.isTrue(isGivenUp(failure("impossible"), 1, defaultPolicy))
    assert.isFalse(isGivenUp(failure("unknown"), 1, defaultPolicy))
  })
})
