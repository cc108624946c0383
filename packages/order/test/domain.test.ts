import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { accepted, decide, type OrderMove, type OrderState } from "../src/domain.ts"

const confirm: OrderMove = { _tag: "Confirm" }
const refund: OrderMove = { _tag: "RecordRefund" }
const reasons = ["PAYMENT_FAILED", "OUT_OF_STOCK", "CUSTOMER"] as const

const moves = fc.array(
  fc.oneof(
    fc.constant(confirm),
    fc.constantFrom(...reasons).map((reason): OrderMove => ({ _tag: "Cancel", reason })),
    fc.constant(refund)
  ),
  { maxLength: 12 }
)

/** Every state an order goes through, the first one included; refused moves leave it where it is. */
const pathOf = (sequence: ReadonlyArray<OrderMove>): ReadonlyArray<OrderState> => {
  const path: Array<OrderState> = [accepted]
  for (const move of sequence) {
    const next = decide(path.at(-1)!, move)
    if (Result.isSuccess(next)) path.push(next.success)
  }
  return path
}

const nameOf = (state: OrderState): string => (state._tag === "Cancelled" && state.refunded ? "Refunded" : state._tag)

/** Where each state may lead. */
const graph: Readonly<Record<string, ReadonlyArray<string>>> = {
  Pending: ["Confirmed", "Cancelled"],
  Confirmed: [],
  Cancelled: ["Refunded"],
  Refunded: []
}

describe("decide", () => {
  it("leads along the state graph, whatever comes in whatever order and however often", () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const path = pathOf(sequence).map(nameOf)
        for (let step = 1; step < path.length; step++) assert.include(graph[path[step - 1]!] ?? [], path[step]!)
      })
    )
  })

  it("lets the first of Confirm and Cancel win, with its reason, for ever", () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const end = pathOf(sequence).at(-1)!
        const first = sequence.find(({ _tag }) => _tag !== "RecordRefund")
        if (first === undefined) assert.deepStrictEqual(end, accepted)
        else if (first._tag === "Confirm") assert.deepStrictEqual(end, { _tag: "Confirmed" })
        else assert.strictEqual(end._tag === "Cancelled" && end.reason, first._tag === "Cancel" && first.reason)
      })
    )
  })

  it("records a refund exactly if one is reported after the cancellation, once", () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const path = pathOf(sequence)
        const cancelledAt = sequence.findIndex(({ _tag }) => _tag !== "RecordRefund")
        const isCancelled = sequence[cancelledAt]?._tag === "Cancel"
        const isReported = sequence.some(({ _tag }, at) => _tag === "RecordRefund" && at > cancelledAt)
        assert.strictEqual(
          path.filter((state) => nameOf(state) === "Refunded").length,
          isCancelled && isReported ? 1 : 0
        )
      })
    )
  })

  it("says why a move changes nothing", () => {
    const cancel: OrderMove = { _tag: "Cancel", reason: "CUSTOMER" }
    const cancelled: OrderState = { _tag: "Cancelled", reason: "CUSTOMER", refunded: false }
    assert.deepStrictEqual(decide({ _tag: "Confirmed" }, cancel), Result.fail("AlreadyConfirmed"))
    assert.deepStrictEqual(decide(cancelled, confirm), Result.fail("AlreadyCancelled"))
    assert.deepStrictEqual(decide(accepted, refund), Result.fail("NotCancelled"))
    assert.deepStrictEqual(decide({ ...cancelled, refunded: true }, refund), Result.fail("AlreadyRefunded"))
  })
})
