import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { IdempotencyKey } from "../../src/http/client-text.ts"
import { MAX_LINES, OrderRequest } from "../../src/index.ts"

const good = {
  user_id: "00000000-0000-7000-8000-000000000042",
  items: [{ item_id: 1, quantity: 2 }],
  payment_info: { method: "card", token: "tok_ok" }
}
const decode = Schema.decodeUnknownResult(OrderRequest)
const refusal = (request: unknown): string => {
  const result = decode(request)
  return Result.isSuccess(result) ? "accepted" : result.failure.message
}
const paidWith = (payment: { method?: string; token?: string }) => ({
  ...good,
  payment_info: { ...good.payment_info, ...payment }
})
const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ item_id: n + 1, quantity: 1 }))

const CARD_LIKE = [
  "4111111111111111",
  "4111 1111 1111 1111",
  "4111-1111-1111-1111",
  "4111.1111.1111.1111",
  "4111 - 1111 - 1111 - 1111",
  "4111\t1111\u00a01111\n1111",
  "card 378282246310005, please",
  "4111_1111_1111_1111",
  "4111/1111/1111/1111",
  "４１１１１１１１１１１１１１１１",
  "tok_4111111111111111"
]

describe("an order request", () => {
  it("is read, and fields nobody knows are left out", () => {
    const strange = {
      ...good,
      note: "x",
      items: [{ ...good.items[0], colour: "red" }],
      payment_info: { ...good.payment_info, cvv: "1" }
    }
    assert.deepStrictEqual(Result.getOrThrow(decode(strange)) as unknown, good)
  })

  it.each(CARD_LIKE)("is refused with %j for a token or a method, and the refusal does not repeat it", (text) => {
    for (const payment of [{ token: text }, { method: text }]) {
      const message = refusal(paidWith(payment))
      assert.match(message, /must not hold anything like a card number/u)
      assert.notInclude(message, text)
    }
  })

  it.each(["tok_1N3T00LkdIwHu7ix", "0b7d9f1a-3c5e-4a70-8b92-123456789012", "tok_1234567890123456", "2026-11-23"])(
    "takes the token %s, which is no card number",
    (token) => {
      assert.strictEqual(refusal(paidWith({ token })), "accepted")
    }
  )

  it("is refused with U+0000 in any text", () => {
    for (const payment of [{ token: "tok\u0000ok" }, { method: "\u0000" }]) {
      assert.match(refusal(paidWith(payment)), /must not contain U\+0000/u)
    }
    assert.notStrictEqual(refusal({ ...good, user_id: `${good.user_id}\u0000` }), "accepted")
  })

  it("is refused with an empty text or one beyond 200 characters", () => {
    assert.strictEqual(refusal(paidWith({ method: "m".repeat(200) })), "accepted")
    for (const token of ["", "t".repeat(201)]) assert.notStrictEqual(refusal(paidWith({ token })), "accepted")
  })

  it("has 1 to 100 lines", () => {
    assert.deepStrictEqual(
      [0, 1, MAX_LINES, MAX_LINES + 1].map((count) => refusal({ ...good, items: lines(count) }) === "accepted"),
      [false, true, true, false]
    )
  })

  it.each([0, -1, 1.5, 1e9, "2", null])("is refused with %j of an item", (quantity) => {
    assert.match(refusal({ ...good, items: [{ item_id: 1, quantity }] }), /\["items"\]\[0\]\["quantity"\]/u)
  })
})

describe("an Idempotency-Key", () => {
  const is = Schema.is(IdempotencyKey)

  it.each([...CARD_LIKE, "order-4111-1111-1111-1111", "6011111111111117:2"])(
    "is refused with the card number in %j",
    (key) => {
      assert.isFalse(is(key))
    }
  )

  it.each([
    "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e",
    "11111111-1111-4111-8111-111111111111",
    "1732443300123",
    "1732443300123456789",
    "order-4711",
    "4111111111111112",
    "k",
    "k".repeat(255)
  ])("may be %s", (key) => {
    assert.isTrue(is(key))
  })

  it("is refused when it is empty, beyond 255 characters or holds U+0000", () => {
    assert.deepStrictEqual(["", "k".repeat(256), "a\u0000"].map(is), [false, false, false])
  })
})
