import { count, time } from "@flowforge/platform"
import { Config, Context, type Duration, Layer } from "effect"

/** Every variable that the inventory service reads. */
export class InventoryConfig extends Context.Service<
  InventoryConfig,
  {
    /** INVENTORY_BATCH_SIZE: the most events in one transaction. */
    readonly batchSize: number
    /** INVENTORY_BATCH_LINGER: how long to gather more events into a batch that is not full. */
    readonly batchLinger: Duration.Duration
    /** INVENTORY_AVAILABILITY_TTL: how long an availability may be answered from the cache. */
    readonly availabilityTimeToLive: Duration.Duration
  }
>()("@flowforge/inventory/InventoryConfig") {
  static readonly layer: Layer.Layer<InventoryConfig, Config.ConfigError> = Layer.effect(
    InventoryConfig,
    Config.all({
      batchSize: count("INVENTORY_BATCH_SIZE", 500),
      batchLinger: time("INVENTORY_BATCH_LINGER", "2 millis"),
      availabilityTimeToLive: time("INVENTORY_AVAILABILITY_TTL", "5 seconds")
    })
  )
}
