import { assert } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { Driver } from "../driver.ts"
import { endOf, look, place, stockOf } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const ITEM = 14

/** Whether the cancel came in time. */
const cancel = Effect.fnUntraced(function* (id: OrderId) {
  const { api } = yield* FlowForge
  return yield* api.orders.cancel({ params: { order_id: id } }).pipe(
    Effect.as(true),
    Effect.catchTag("OrderAlreadyFinal", () => Effect.succeed(false))
  )
})

/** Captured and not refunded. */
const keptOf = Effect.fnUntraced(function* (id: OrderId) {
  const { captures, refunds } = yield* (yield* Driver).moneyOf(id)
  return captures - refunds
})

export const cancelling = (it: Teller): void => {
  it.effect("an order that its customer cancels while it is being paid costs nothing and sets nothing aside", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const stock = yield* stockOf(ITEM)
      yield* Effect.acquireRelease(driver.gateway({ latency_ms: 300 }), () => driver.gateway({ latency_ms: 0 }))
      const id = yield* place({ items: [[ITEM, 1]] })
      assert.isTrue(yield* cancel(id))
      assert.isTrue(yield* cancel(id), "again, it is answered the same")
      yield* driver.atRest
      const order = yield* look(id)
      assert.strictEqual(order.cancel_reason, "CUSTOMER")
      assert.strictEqual(yield* keptOf(id), 0)
      assert.strictEqual(yield* stockOf(ITEM), stock)
      const letters = yield* driver.lettersAbout(id)
      assert.deepStrictEqual(
        letters.map(({ source }) => /because you asked us to/u.test(source)),
        [true]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("an order that is confirmed cannot be cancelled any more", () =>
    Effect.gen(function* () {
      const id = yield* place({ items: [[ITEM, 1]] })
      assert.strictEqual((yield* endOf(id)).status, "CONFIRMED")
      assert.isFalse(yield* cancel(id))
      assert.strictEqual((yield* look(id)).status, "CONFIRMED")
    })
  )

  it.effect("whenever a cancel comes, it wins or loses once, and money and stock follow", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const stock = yield* stockOf(ITEM)
      const ids = yield* Effect.forEach(
        Array.from({ length: 24 }, (_, n) => n),
        Effect.fnUntraced(function* (n) {
          const id = yield* place({ user: 1 + n, items: [[ITEM, 1]] })
          yield* Effect.sleep(5 * n)
          return { id, inTime: yield* cancel(id) }
        }),
        { concurrency: "unbounded" }
      )
      yield* driver.atRest
      let sold = 0
      for (const { id, inTime } of ids) {
        const { cancel_reason, status } = yield* look(id)
        assert.strictEqual(cancel_reason ?? status, inTime ? "CUSTOMER" : "CONFIRMED")
        assert.strictEqual(yield* keptOf(id), inTime ? 0 : 1)
        if (!inTime) sold++
      }
      assert.strictEqual(yield* stockOf(ITEM), stock - sold)
    })
  )
}
