import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { EventId, ItemId, MAX_QUANTITY, NotificationId, OrderId, Quantity, UserId } from "../src/index.ts"

const uuidV7 = fc.uuid({ version: 7 })

describe("ids", () => {
  it.each([
    ["an order", OrderId],
    ["a customer", UserId],
    ["an event", EventId],
    ["a notification", NotificationId]
  ] as const)("%s is known by a UUID v7, and by nothing else", (_, schema) => {
    const is = Schema.is(schema)
    fc.assert(fc.property(uuidV7, (id) => is(id)))
    for (const other of [
      "",
      "42",
      "019ab1f0",
      "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1",
      " 019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e"
    ]) {
      assert.isFalse(is(other), other)
    }
    assert.isFalse(is(42))
  })

  it("the hundred users of the embedded system have valid ids", () => {
    assert.isTrue(Schema.is(UserId)("00000000-0000-7000-8000-000000000001"))
    assert.isTrue(Schema.is(UserId)("00000000-0000-7000-8000-000000000100"))
  })

  it("an item is known by a whole number that PostgreSQL calls an integer", () => {
    const is = Schema.is(ItemId)
    fc.assert(fc.property(fc.integer({ min: 1, max: 2_147_483_647 }), (id) => is(id)))
    for (const other of [0, -1, 1.5, 2_147_483_648, Number.NaN, "1", null]) assert.isFalse(is(other), String(other))
  })
})

describe("a quantity", () => {
  it("is a whole number from 1 to the most of one item", () => {
    const is = Schema.is(Quantity)
    assert.deepStrictEqual([1, MAX_QUANTITY].map(is), [true, true])
    assert.deepStrictEqual(
      [0, -1, 0.5, 1.5, MAX_QUANTITY + 1, 1e9, Number.NaN, "1"].filter((quantity) => is(quantity)),
      []
    )
  })
})
