import { Consumer, Outbox, type Subscriptions } from "@flowforge/messaging"
import { Effect, Layer } from "effect"
import { Catalogue } from "./catalogue.ts"
import { OrderConfig } from "./config.ts"
import { entries } from "./consumers.ts"
export { settings } from "./config.ts"
export { points as crashPoints } from "./crash-points.ts"
import { layerOrders } from "./handlers.ts"
import { Admission } from "./intake/admission.ts"
import { IdempotencyKeys } from "./intake/idempotency-keys.ts"
import { Intake } from "./intake/intake.ts"
import { jobs } from "./jobs.ts"
import { OrderCache } from "./order-cache.ts"
import { OrderReads } from "./reads.ts"
import { Settlements } from "./settlements.ts"
import { Orders } from "./store.ts"

const stores = Layer.mergeAll(Orders.layerPostgres, IdempotencyKeys.layerPostgres, OrderConfig.layer)

/** What the group `order` reads, for the sweeper. */
export const subscription = { group: "order", topics: entries.map(({ topic }) => topic.name) }

/** The `orders` group of the public API. Outside: SqlClient, Wakeups, Cache. */
export const layerHttp = layerOrders.pipe(
  Layer.provide([Intake.layer, OrderReads.layer, Settlements.layer]),
  Layer.provide([Admission.layer, Catalogue.layer, OrderCache.layer, Outbox.layer("order")]),
  Layer.provide(stores)
)

/** A member of the consumer group `order`. Outside: SqlClient, Broker, Wakeups, Cache. */
export const layerConsumers = Layer.unwrap(
  Effect.map(OrderConfig, ({ batchLinger, batchSize }) =>
    Consumer.layer({ group: "order", entries, maxBatch: batchSize, linger: batchLinger })
  )
).pipe(
  Layer.provide(Settlements.layer),
  Layer.provide([OrderCache.layer, Outbox.layer("order")]),
  Layer.provide(stores)
)

/** Periodic work of the whole installation's messaging, and the order service's own. Outside: SqlClient, Wakeups. */
export const layerJobs = (subscriptions: Subscriptions) => jobs(subscriptions).pipe(Layer.provide(stores))
