import { Consumer, Outbox } from "@flowforge/messaging"
import { Effect, Layer } from "effect"
import { NotificationConfig } from "./config.ts"
import { batchWithin, entries } from "./consumers.ts"
export { publicUrl, settings } from "./config.ts"
export { points as crashPoints } from "./crash-points.ts"
import { layerReceipts } from "./handlers.ts"
import { jobs } from "./jobs.ts"
import { Notifying } from "./notifying.ts"
import { Pdfs } from "./receipts/pdfs.ts"
import { Sending } from "./sending.ts"
import { Settlements } from "./settlements.ts"
import { NotificationStore } from "./store.ts"

const GROUP = "notification"

/** What this service's group reads. */
export const subscription = { group: GROUP, topics: entries.map(({ topic }) => topic.name) }

/** The `receipts` group of the public API. Outside: SqlClient, ObjectStore. */
export const layerHttp = layerReceipts.pipe(Layer.provide(Pdfs.layer), Layer.provide(NotificationStore.layerPostgres))

/** A member of the consumer group `notification`. Outside: SqlClient, Broker, Wakeups, ObjectStore, Mailer, SmsSender. */
export const layerConsumers = Layer.unwrap(
  Effect.map(NotificationConfig, ({ batchLinger, batchSize, claimLimit }) =>
    Consumer.layer({ group: GROUP, entries, maxBatch: batchWithin(batchSize, claimLimit), linger: batchLinger })
  )
).pipe(
  Layer.provide(Notifying.layer),
  Layer.provide([Sending.layer, Settlements.layer]),
  Layer.provide([NotificationStore.layerPostgres, Outbox.layer(GROUP), NotificationConfig.layer])
)

/** Periodic work of this service. Outside: SqlClient, Wakeups. */
export const layerJobs = jobs.pipe(
  Layer.provide(Settlements.layer),
  Layer.provide([NotificationStore.layerPostgres, Outbox.layer(GROUP), NotificationConfig.layer])
)
