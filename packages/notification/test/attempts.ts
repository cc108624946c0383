import type { OrderCancelled, OrderConfirmed } from "@flowforge/contracts"
import { type Delivery, Outbox } from "@flowforge/messaging"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { NotificationConfig } from "../src/config.ts"
import { Notifying } from "../src/notifying.ts"
import { Sending } from "../src/sending.ts"
import { Settlements } from "../src/settlements.ts"
import { NotificationStore } from "../src/store.ts"
import type { World } from "./world.ts"

/** Every boundary at which an attempt's process can die. */
export const CRASHES = [
  "after the claim",
  "before the receipt is stored",
  "after the receipt is stored",
  "before the mail is sent",
  "after the mail is sent",
  "before the SMS is sent",
  "after the SMS is sent",
  "before the record",
  "after the record"
] as const
export type Crash = (typeof CRASHES)[number]

/** The use cases without the consumer around them, so that a test can take their steps one by one. */
export const layerSteps = Layer.mergeAll(Notifying.layer, Settlements.layer).pipe(
  Layer.provide([Sending.layer, Settlements.layer]),
  Layer.provide([NotificationStore.layerPostgres, Outbox.layer("notification"), NotificationConfig.layer])
)

export const deliveryOf = <E extends OrderConfirmed | OrderCancelled>(event: E): Delivery<E> => ({
  topic: event.event_type,
  partition: 0,
  offset: "0",
  key: event.order_id,
  eventId: event.event_id,
  event,
  attempt: 1,
  traceparent: undefined,
  record: { topic: event.event_type, partition: 0, offset: "0", key: event.order_id, value: null, headers: {} }
})

/**
 * One attempt at an event as the consumer makes it: claims, calls, results. A process that dies at a call is left as it
 * stands for ever: nothing of it cleans up.
 */
export const attempt = Effect.fnUntraced(function* (
  world: World,
  event: OrderConfirmed | OrderCancelled,
  crash?: Crash | undefined
) {
  const notifying = yield* Notifying
  const sql = yield* SqlClient.SqlClient
  const delivery = deliveryOf(event)
  const [plan] = yield* sql.withTransaction(
    event.event_type === "order.confirmed"
      ? notifying.prepareConfirmed([deliveryOf(event)])
      : notifying.prepareCancelled([deliveryOf(event)])
  )
  if (crash === "after the claim") return "died"
  const died = yield* Deferred.make<"died">()
  world.death = { at: crash, dies: Effect.asVoid(Deferred.succeed(died, "died" as const)) }
  const call = yield* Effect.forkDetach(Effect.exit(notifying.call(delivery, plan)))
  const end = yield* Effect.raceFirst(Deferred.await(died), Fiber.join(call))
  if (end === "died") return "died"
  if (end._tag === "Failure") return "failed"
  if (crash === "before the record") return "died"
  yield* sql.withTransaction(notifying.record([{ delivery, result: end.value }]))
  return crash === "after the record" ? "died" : "done"
})
