import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { endOf, place, userId } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const USER = 77
const ITEM = 16

/** Every order of the user, page by page; after each page `meanwhile` happens. */
const pages = Effect.fnUntraced(function* <E, R>(limit: number, meanwhile: Effect.Effect<unknown, E, R>) {
  const { api } = yield* FlowForge
  const ids: Array<string> = []
  let cursor: string | undefined
  do {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) }
    const page = yield* api.orders.listOfUser({ params: { user_id: userId(USER) }, query })
    ids.push(...page.orders.map(({ order_id }) => order_id))
    cursor = page.next_cursor
    yield* meanwhile
  } while (cursor !== undefined)
  return ids
})

export const paging = (it: Teller): void => {
  it.effect("whoever pages through their orders while more arrive sees each once, newest first", () =>
    Effect.gen(function* () {
      const order = place({ user: USER, items: [[ITEM, 1]] })
      const placed: Array<string> = []
      for (let n = 0; n < 23; n++) placed.push(yield* order)
      const seen = yield* pages(5, Effect.andThen(order, order))
      assert.deepStrictEqual(seen, placed.toReversed())
    })
  )

  it.effect("a list can be of one status", () =>
    Effect.gen(function* () {
      const { api } = yield* FlowForge
      const id = yield* place({ user: USER, items: [[ITEM, 1]], token: "tok_declined" })
      yield* endOf(id)
      const { orders } = yield* api.orders.listOfUser({
        params: { user_id: userId(USER) },
        query: { status: "CANCELLED" }
      })
      assert.deepStrictEqual(
        orders.map(({ cancel_reason, order_id }) => [order_id, cancel_reason]),
        [[id, "PAYMENT_FAILED"]]
      )
    })
  )
}
