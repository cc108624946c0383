import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Driver } from "../driver.ts"
import { countTo, endOf, look, place, statesOf, stockOf } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const PLENTY = 13
const SCARCE = 62
const HOT = 63

export const outOfStock = (it: Teller): void => {
  for (const token of ["tok_ok", "tok_refund_fails"]) {
    it.effect(`${token}: what is out of stock is named, nothing is set aside, and the money goes back once`, () =>
      Effect.gen(function* () {
        const driver = yield* Driver
        yield* countTo(SCARCE, 2)
        const stock = yield* stockOf(PLENTY)
        const id = yield* place({
          items: [
            [PLENTY, 1],
            [SCARCE, 3]
          ],
          token
        })
        yield* endOf(id)
        yield* driver.atRest
        const order = yield* look(id)
        assert.strictEqual(order.cancel_reason, "OUT_OF_STOCK")
        assert.deepStrictEqual(order.failed_items as unknown, [{ item_id: SCARCE, requested: 3, available: 2 }])
        assert.deepStrictEqual(statesOf(order), ["PENDING", "CANCELLED", "REFUNDED"])
        assert.deepStrictEqual([yield* stockOf(PLENTY), yield* stockOf(SCARCE)], [stock, 2])
        assert.deepStrictEqual(yield* driver.moneyOf(id), { captures: 1, refunds: 1 })
        const letters = yield* driver.lettersAbout(id)
        assert.deepStrictEqual(
          letters.map(({ source }) => /not everything you ordered is in stock/u.test(source)),
          [true]
        )
      })
    )
  }

  it.effect("an item that three times as many customers want as can have it is sold out exactly", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const pieces = 20
      yield* countTo(HOT, pieces)
      const wishes = Array.from({ length: 3 * pieces }, (_, n) => place({ user: 1 + n, items: [[HOT, 1]] }))
      const ids = yield* Effect.all(wishes, { concurrency: "unbounded" })
      const orders = yield* Effect.forEach(ids, endOf, { concurrency: 10 })
      assert.strictEqual(orders.filter(({ status }) => status === "CONFIRMED").length, pieces)
      assert.isTrue(orders.every((order) => order.status === "CONFIRMED" || order.cancel_reason === "OUT_OF_STOCK"))
      assert.strictEqual(yield* stockOf(HOT), 0)
      yield* driver.atRest
      for (const { order_id, status } of orders) {
        assert.deepStrictEqual(yield* driver.moneyOf(order_id), {
          captures: 1,
          refunds: status === "CONFIRMED" ? 0 : 1
        })
      }
    })
  )
}
