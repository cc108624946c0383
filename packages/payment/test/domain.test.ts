import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { decide, type GatewayFact, owed, type PaymentEvent, type PaymentState } from "../src/domain.ts"

const captured: GatewayFact = { _tag: "Captured", txnId: "txn" }
const refunded: GatewayFact = { _tag: "Refunded", refundId: "ref" }
const after = (...events: ReadonlyArray<PaymentEvent>): string =>
  events.reduce<PaymentState | undefined>(
    (state, event) => Result.getOrElse(decide(state, event), () => state),
    undefined
  )?._tag ?? "nothing"

const orderCreated: PaymentEvent = { _tag: "OrderCreated" }
const orderCancelled: PaymentEvent = { _tag: "OrderCancelled" }

describe("the way of a payment", () => {
  it("a cancellation that comes first leaves a tombstone which nothing moves", () => {
    assert.strictEqual(after(orderCancelled), "void")
    assert.strictEqual(after(orderCancelled, orderCreated, captured, refunded, orderCancelled), "void")
  })

  it("a cancellation while the capture is under way voids, and refunds when it was captured after all", () => {
    assert.strictEqual(after(orderCreated, orderCancelled), "voiding")
    assert.strictEqual(after(orderCreated, orderCancelled, { _tag: "Voided" }), "void")
    assert.strictEqual(after(orderCreated, orderCancelled, { _tag: "Declined", reason: "no" }), "void")
    assert.strictEqual(after(orderCreated, orderCancelled, captured), "refunding")
    assert.strictEqual(after(orderCreated, orderCancelled, captured, refunded), "refunded")
  })

  it("a capture is refunded when its order is cancelled, and a declined one needs nothing", () => {
    assert.strictEqual(after(orderCreated, captured, orderCancelled), "refunding")
    assert.strictEqual(after(orderCreated, { _tag: "Declined", reason: "no" }, orderCancelled), "declined")
  })

  it("a refused event says why: settled, or of an order never heard of", () => {
    assert.deepStrictEqual(decide({ _tag: "void" }, captured), Result.fail("Settled"))
    assert.deepStrictEqual(decide(undefined, captured), Result.fail("Unknown"))
  })
})

/** A gateway that keeps its promises, and counts money. */
class Company {
  captures = 0
  refunds = 0
  answer: GatewayFact | undefined
  readonly capturesCard: boolean
  constructor(capturesCard: boolean) {
    this.capturesCard = capturesCard
  }
  capture(): GatewayFact {
    if (this.answer === undefined) {
      this.answer = this.capturesCard ? captured : { _tag: "Declined", reason: "no" }
      if (this.capturesCard) this.captures++
    }
    return this.answer
  }
  void(): GatewayFact {
    this.answer ??= { _tag: "Voided" }
    return this.answer
  }
  refund(): GatewayFact {
    if (this.answer !== captured) throw new Error("a refund of what was not captured")
    this.refunds = 1
    return refunded
  }
}

/**
 * What can happen next: an event arrives (again), the consumer's call is begun, an answer comes home, is lost in a crash,
 * or the settlements ask for what is owed.
 */
const STEPS = ["created", "cancelled", "call", "home", "crash", "settle", "give up"] as const

const run = (steps: ReadonlyArray<(typeof STEPS)[number]>, capturesCard: boolean) => {
  const company = new Company(capturesCard)
  const told: Array<string> = []
  const underWay: Array<GatewayFact> = []
  let state: PaymentState | undefined
  let wasCreated = false
  let wasCancelled = false
  const move = (event: PaymentEvent): void => {
    const next = decide(state, event)
    if (Result.isFailure(next)) return
    state = next.success
    told.push(state._tag)
  }
  const step = (name: (typeof STEPS)[number]): void => {
    switch (name) {
      case "created":
        wasCreated = true
        return move(orderCreated)
      case "cancelled":
        wasCancelled = true
        return move(orderCancelled)
      case "call":
        // The intent was seen pending; by the time of the call it may have moved on.
        if (wasCreated && state !== undefined && owed(state) === "capture") underWay.push(company.capture())
        return
      case "home": {
        const fact = underWay.shift()
        return fact === undefined ? undefined : move(fact)
      }
      case "crash":
        underWay.length = 0
        return
      case "settle":
        if (state !== undefined && owed(state) === "void") move(company.void())
        else if (state !== undefined && owed(state) === "refund") move(company.refund())
        return
      case "give up":
        if (state?._tag === "pending") move(company.void())
    }
  }
  steps.forEach(step)
  // In the end every event is delivered, every answer comes home and the settlements have done their work.
  if (wasCreated) step("call")
  while (underWay.length > 0) step("home")
  for (let n = 0; n < 3; n++) step("settle")
  return { company, told, state, wasCancelled, wasCreated }
}

describe("any interleaving of events, calls, lost answers and settlements", () => {
  const interleavings = fc.array(fc.constantFrom(...STEPS), { maxLength: 25 })

  it("captures and refunds at most once, leaves no net money on a cancelled order, and says each end once", () => {
    fc.assert(
      fc.property(interleavings, fc.boolean(), (steps, capturesCard) => {
        const { company, state, told, wasCancelled, wasCreated } = run(steps, capturesCard)
        assert.isAtMost(company.captures, 1)
        if (wasCancelled) assert.strictEqual(company.captures, company.refunds)
        else assert.strictEqual(company.refunds, 0)
        if (state?._tag === "captured") assert.strictEqual(company.captures, 1)
        if (wasCreated || wasCancelled) {
          assert.include(["captured", "declined", "void", "refunded"], state?._tag)
        }
        assert.strictEqual(new Set(told).size, told.length, "no state is reached twice")
      }),
      { numRuns: 2_000 }
    )
  })
})
