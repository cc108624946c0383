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
          const wait = backoffMillis(attempts, { base: Duration.millis(base), cap: Duration.millis(cap) }, share)
          assert.strictEqual(wait, Math.floor(share * longest))
        }
      )
    )
  })

  it("by default begins within a second and never exceeds five minutes", () => {
    const almostOne = 1 - Number.EPSILON
    assert.strictEqual(backoffMillis(1, defaultPolicy.backoff, almostOne), 999)
    assert.strictEqual(backoffMillis(2, defaultPolicy.backoff, almostOne), 1_999)
    assert.strictEqual(backoffMillis(100, defaultPolicy.backoff, almostOne), 299_999)
    assert.strictEqual(backoffMillis(100, defaultPolicy.backoff, 0), 0)
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
