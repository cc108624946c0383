import type { OrderCancelled, OrderConfirmed } from "@flowforge/contracts"
import { type Delivery, Outbox } from "@flowforge/messaging"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
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

/** A process that lives as long as its scope. */
export const startProcess = Effect.map(Layer.build(Layer.fresh(layerSteps)), (services) =>
  Context.get(services, Notifying)
)
/** A process that just started, with nothing in its memory, and never stops in order. */
export const newProcess = Effect.scoped(startProcess)
export type Process = Notifying["Service"]

/** What the consumer does first: the claims, committed. It may come to nothing more, when a circuit opens meanwhile. */
export const prepare = (process: Process, event: OrderConfirmed | OrderCancelled) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      event.event_type === "order.confirmed"
        ? process.prepareConfirmed([deliveryOf(event)])
        : process.prepareCancelled([deliveryOf(event)])
    )
  )

/**
 * One attempt at an event as the consumer makes it: claims, calls, results. A process that is killed at a call is left as
 * it stands for ever, nothing of it cleans up; one that is shut down interrupts the call.
 */
export const attempt = Effect.fnUntraced(function* (
  world: World,
  process: Process,
  event: OrderConfirmed | OrderCancelled,
  crash?: Crash | undefined,
  isShutDown = false
) {
  const sql = yield* SqlClient.SqlClient
  const delivery = deliveryOf(event)
  const [plan] = yield* prepare(process, event)
  if (crash === "after the claim") return "died"
  const died = yield* Deferred.make<"died">()
  world.death = { at: crash, dies: Effect.asVoid(Deferred.succeed(died, "died" as const)) }
  const call = yield* Effect.forkDetach(Effect.exit(process.call(delivery, plan)))
  const end = yield* Effect.raceFirst(Deferred.await(died), Fiber.join(call))
  if (end === "died") {
    if (isShutDown) yield* Fiber.interrupt(call)
    return "died"
  }
  if (end._tag === "Failure") return "failed"
  if (crash === "before the record") return "died"
  yield* sql.withTransaction(process.record([{ delivery, result: end.value }]))
  return crash === "after the record" ? "died" : "done"
})
