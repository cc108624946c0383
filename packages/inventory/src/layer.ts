import { Consumer, Outbox } from "@flowforge/messaging"
import { Effect, Layer } from "effect"
import { Availability } from "./availability.ts"
import { InventoryConfig } from "./config.ts"
export { settings } from "./config.ts"
import { entries } from "./consumers.ts"
import { layerProducts, layerStock } from "./handlers.ts"
import { Products } from "./products.ts"
import { Reservations } from "./reservations.ts"
import { Stock } from "./store.ts"

const GROUP = "inventory"

/** What this service's group reads. */
export const subscription = { group: GROUP, topics: entries.map(({ topic }) => topic.name) }

/** The `products` group of the public API. Outside: SqlClient, Cache. */
export const layerHttp = layerProducts.pipe(
  Layer.provide([Products.layer, Availability.layer]),
  Layer.provide([Stock.layerPostgres, InventoryConfig.layer])
)

/** The `stock` group of the management API. Outside: SqlClient, Cache. */
export const layerManagementHttp = layerStock.pipe(Layer.provide(Products.layer), Layer.provide(Stock.layerPostgres))

/** A member of the consumer group `inventory`. Outside: SqlClient, Broker, Wakeups, Cache. */
export const layerConsumers = Layer.unwrap(
  Effect.map(InventoryConfig, ({ batchLinger, batchSize }) =>
    Consumer.layer({ group: GROUP, entries, maxBatch: batchSize, linger: batchLinger })
  )
).pipe(
  Layer.provide(Reservations.layer),
  Layer.provide([Stock.layerPostgres, Outbox.layer(GROUP), InventoryConfig.layer])
)
