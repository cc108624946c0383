import { ItemId, type OrderDetails, type OrderId, UserId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"

/** What a customer of a story orders. */
export interface Wish {
  /** Of the catalogue's customers, from 1. Every third has a phone. */
  readonly user?: number
  readonly items: ReadonlyArray<readonly [itemId: number, quantity: number]>
  readonly token?: string
  readonly key?: string
}

export const userId = (number: number) => UserId.make(`00000000-0000-7000-8000-${String(number).padStart(12, "0")}`)

const ENDS_WITHIN = "20 seconds"

/** Places the order; answers its id. */
export const place = Effect.fnUntraced(function* ({ items, key, token = "tok_ok", user = 1 }: Wish) {
  const { accepted, api } = yield* FlowForge
  const { body } = yield* api.orders.place({
    headers: key === undefined ? {} : { "idempotency-key": key },
    payload: {
      user_id: userId(user),
      items: items.map(([id, quantity]) => ({ item_id: ItemId.make(id), quantity })),
      payment_info: { method: "card", token }
    }
  })
  accepted.add(body.order_id)
  return body.order_id
})

export const look = Effect.fnUntraced(function* (orderId: OrderId) {
  const { api } = yield* FlowForge
  return yield* api.orders.get({ params: { order_id: orderId } })
})

/** The order as it ended. */
export const endOf = Effect.fnUntraced(function* (orderId: OrderId) {
  let order: OrderDetails | undefined
  const hasEnded = Effect.map(look(orderId), (found) => {
    order = found
    return found.status !== "PENDING"
  })
  yield* eventually(`order ${orderId} is at its end`, hasEnded, ENDS_WITHIN)
  return order!
})

/** How many of an item can be had, as the catalogue has it. */
export const stockOf = Effect.fnUntraced(function* (itemId: number) {
  const { api } = yield* FlowForge
  const cursor = itemId === 1 ? {} : { cursor: Buffer.from(String(itemId - 1)).toString("base64url") }
  const { products } = yield* api.products.list({ query: { limit: 1, ...cursor } })
  return products[0]!.available
})

/** Counts an item to so many pieces. */
export const countTo = Effect.fnUntraced(function* (itemId: number, pieces: number) {
  const { management } = yield* FlowForge
  const delta = pieces - (yield* stockOf(itemId))
  if (delta === 0) return
  yield* management.stock.adjust({
    params: { item_id: ItemId.make(itemId) },
    payload: { delta, reason: "counted for a story" }
  })
})

export const statesOf = ({ history }: OrderDetails): ReadonlyArray<string> => history.map(({ state }) => state)
