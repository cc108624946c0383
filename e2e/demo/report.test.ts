import { assert, describe, it } from "@effect/vitest"
import { ItemId, MinorUnits, type OrderDetails, OrderId, UserId } from "@flowforge/contracts"
import type { Ended, Outcome } from "./customers.ts"
import type { Kind, Shop } from "./plan.ts"
import { addsUp, type Aftermath, balance, latencies } from "./report.ts"

const shop: Shop = { plenty: [1], scarce: [61], piecesEach: 1 }
const at = (millis: number) => new Date(Date.UTC(2026, 10, 24) + millis).toISOString()
const idOf = (n: number) => OrderId.make(`01a20e30-2c7f-75cd-b46f-${String(n).padStart(12, "0")}`)

interface End {
  readonly kind: Kind
  readonly item?: number
  readonly reason?: OrderDetails["cancel_reason"]
  readonly isRefunded?: boolean
}

const ended = (n: number, { isRefunded = false, item = 1, kind, reason }: End): Ended => ({
  kind: "ended",
  intention: {
    kind,
    userId: "00000000-0000-7000-8000-000000000001",
    items: [{ item_id: item, quantity: 1 }],
    token: "tok_ok",
    wantsPdf: false
  },
  order: {
    order_id: idOf(n),
    user_id: UserId.make("00000000-0000-7000-8000-000000000001"),
    status: reason === undefined ? "CONFIRMED" : "CANCELLED",
    total_amount: MinorUnits.make(100),
    created_at: at(0),
    links: { self: "" },
    items: [],
    trouble: [],
    history: [
      { state: "PENDING", at: at(0), cause: "" },
      { state: reason === undefined ? "CONFIRMED" : "CANCELLED", at: at(10 * (n + 1)), cause: "" },
      ...(isRefunded ? [{ state: "REFUNDED" as const, at: at(500), cause: "" }] : [])
    ],
    ...(reason === undefined ? {} : { cancel_reason: reason }),
    ...(reason === "OUT_OF_STOCK" ? { failed_items: [{ item_id: ItemId.make(item), requested: 1, available: 0 }] } : {})
  },
  cancelled: kind === "cancels" ? reason === "CUSTOMER" : undefined,
  sameAnswer: kind === "repeats" ? true : undefined,
  receiptOpened: reason === undefined,
  pdfOpened: false
})

/** One of each kind, all as it should be. */
const outcomes: ReadonlyArray<Ended> = (
  [
    { kind: "ordinary" },
    { kind: "declined", reason: "PAYMENT_FAILED" },
    { kind: "stumbling" },
    { kind: "rush", item: 61 },
    { kind: "rush", item: 61, reason: "OUT_OF_STOCK", isRefunded: true },
    { kind: "too many", item: 61, reason: "OUT_OF_STOCK", isRefunded: true },
    { kind: "cancels", reason: "CUSTOMER", isRefunded: true },
    { kind: "cancels" },
    { kind: "repeats" }
  ] satisfies ReadonlyArray<End>
).map((end, n) => ended(n, end))

const aftermathOf = (orders: ReadonlyArray<Ended>): Aftermath => ({
  money: new Map(
    orders
      .filter(({ order }) => order.cancel_reason !== "PAYMENT_FAILED")
      .map(({ order }) => [order.order_id, { captures: 1, refunds: order.status === "CONFIRMED" ? 0 : 1 }])
  ),
  told: new Map(
    orders.map(({ order }) => [order.order_id.slice(-12), [{ kind: "email", to: "", subject: "", path: "" }] as const])
  ),
  piecesLeft: 0
})

const wrong = (seen: ReadonlyArray<Outcome>, aftermath = aftermathOf(outcomes)) =>
  balance(seen, shop, aftermath)
    .filter((finding) => !addsUp(finding))
    .map(({ what }) => what)

const without = (n: number, change: Partial<Ended>): ReadonlyArray<Ended> =>
  outcomes.map((outcome, m) => (m === n ? { ...outcome, ...change } : outcome))

describe("the balance of the demo", () => {
  it("adds up when every order ended as it should", () => {
    assert.deepStrictEqual(wrong(outcomes), [])
  })

  it("sees an order that was refused", () => {
    const refused: Outcome = { kind: "refused", intention: outcomes[0]!.intention, problem: "" }
    assert.include(wrong([refused, ...outcomes.slice(1)]), "accepted")
  })

  it("sees an order that ended otherwise, even when another makes up for it in the numbers", () => {
    const swapped = [
      ended(0, { kind: "ordinary", reason: "PAYMENT_FAILED" }),
      ended(1, { kind: "declined" }),
      ...outcomes.slice(2)
    ]
    assert.deepStrictEqual(wrong(swapped, aftermathOf(swapped)), ["with another end than foretold"])
  })

  it("sees a piece too many sold, and one left over", () => {
    const oversold = [...outcomes.slice(0, 4), ended(4, { kind: "rush", item: 61 }), ...outcomes.slice(5)]
    assert.include(wrong(oversold, aftermathOf(oversold)), "pieces sold of the items that ran dry")
    assert.deepStrictEqual(wrong(outcomes, { ...aftermathOf(outcomes), piecesLeft: 1 }), ["pieces of them left"])
  })

  it("sees a second capture, a missing refund, a missing mail and a second one", () => {
    const { money, told } = aftermathOf(outcomes)
    const captured = new Map(money).set(idOf(0), { captures: 2, refunds: 0 })
    assert.deepStrictEqual(wrong(outcomes, { money: captured, told, piecesLeft: 0 }), [
      "captured more than once",
      "captured and kept"
    ])
    const owed = new Map(money).set(idOf(4), { captures: 1, refunds: 0 })
    assert.deepStrictEqual(wrong(outcomes, { money: owed, told, piecesLeft: 0 }), ["captured and kept", "refunds"])
    const [mail] = told.values().next().value!
    const shifted = new Map(told).set(idOf(0).slice(-12), []).set(idOf(1).slice(-12), [mail!, mail!])
    assert.deepStrictEqual(wrong(outcomes, { money, told: shifted, piecesLeft: 0 }), ["without exactly one mail"])
  })

  it("sees a receipt that does not open, and a repeated request that was answered otherwise", () => {
    assert.deepStrictEqual(wrong(without(0, { receiptOpened: false })), ["receipts"])
    assert.deepStrictEqual(wrong(without(8, { sameAnswer: false })), ["repeated requests answered the same"])
  })

  it("takes the times to each state from the orders' own histories", () => {
    const [confirmed, stumbling, cancelled, refunded] = latencies(outcomes)
    assert.deepStrictEqual([confirmed!.orders, confirmed!.p50, confirmed!.p99], [4, 80, 90])
    assert.deepStrictEqual([stumbling!.orders, stumbling!.p50], [1, 30])
    assert.strictEqual(cancelled!.orders, 4)
    assert.deepStrictEqual([refunded!.orders, refunded!.p99], [3, 500])
  })
})
