import { ItemId, type OrderDetails, type OrderId, UserId } from "@flowforge/contracts"
import { Clock, Effect, Schedule, Schema } from "effect"
import { FlowForge } from "../system/client.ts"
import type { Intention } from "./plan.ts"

/** What became of an intention: refused at the door, or an order as it ended. */
export type Outcome =
  | { readonly kind: "refused"; readonly intention: Intention; readonly problem: string }
  | {
      readonly kind: "ended"
      readonly intention: Intention
      readonly order: OrderDetails
      /** The repeated request was answered with the same order. */
      readonly sameAnswer: boolean
      /** The receipt opened behind its signed address and names the order. */
      readonly receiptOpened: boolean
    }

const PATIENCE = "60 seconds"

/** Places the order as a customer would, waits for its end, and opens the receipt where there is one. */
export const serve = Effect.fnUntraced(function* (intention: Intention, key: string) {
  const { api } = yield* FlowForge
  const place = api.orders
    .place({
      headers: { "idempotency-key": key },
      payload: {
        user_id: UserId.make(intention.userId),
        items: intention.items.map((line) => ({ item_id: ItemId.make(line.item_id), quantity: line.quantity })),
        payment_info: { method: "card", token: intention.token }
      }
    })
    .pipe(
      // A shop under load asks its customers to come back; this one does.
      Effect.retry({
        while: (error) => error._tag === "TooManyRequests" || error._tag === "Unavailable",
        schedule: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 30 }))
      })
    )
  const first = yield* Effect.result(place)
  if (first._tag === "Failure") {
    return { kind: "refused", intention, problem: `${first.failure._tag}: ${first.failure.message}` } satisfies Outcome
  }
  const orderId = first.success.body.order_id
  const again = intention.repeats ? (yield* place).body.order_id : orderId
  if (intention.cancels) {
    yield* api.orders
      .cancel({ params: { order_id: orderId } })
      .pipe(Effect.catchTag("OrderAlreadyFinal", () => Effect.void))
  }
  const order = yield* ended(orderId)
  const receiptOpened = order.status === "CONFIRMED" ? yield* openReceipt(orderId) : false
  return { kind: "ended", intention, order, sameAnswer: again === orderId, receiptOpened } satisfies Outcome
})

class NotYet extends Schema.TaggedError<NotYet>()("NotYet", {}) {}

/** Waits until the order is final and, when money had been taken for nothing, until it is back. */
const ended = Effect.fnUntraced(function* (orderId: OrderId) {
  const { api } = yield* FlowForge
  return yield* api.orders.get({ params: { order_id: orderId } }).pipe(
    Effect.flatMap((order) => (order.status === "PENDING" ? Effect.fail(new NotYet()) : Effect.succeed(order))),
    Effect.retry({
      while: (error) => error._tag === "NotYet",
      schedule: Schedule.spaced("50 millis")
    }),
    Effect.timeout(PATIENCE)
  )
})

const openReceipt = Effect.fnUntraced(function* (orderId: OrderId) {
  const { publicUrl } = yield* FlowForge
  const deadline = (yield* Clock.currentTimeMillis) + 30_000
  while ((yield* Clock.currentTimeMillis) < deadline) {
    const response = yield* Effect.promise(() => fetch(`${publicUrl}/orders/${orderId}/receipt`))
    const body = yield* Effect.promise(() => response.text())
    if (response.status === 200) return body.includes(orderId)
    if (response.status !== 409) return false
    yield* Effect.sleep("100 millis")
  }
  return false
})
