import { Config, Context, Duration, Layer } from "effect"

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
      batchSize: Config.Int("INVENTORY_BATCH_SIZE").pipe(Config.withDefault(500)),
      batchLinger: Config.Duration("INVENTORY_BATCH_LINGER").pipe(Config.withDefault(Duration.millis(2))),
      availabilityTimeToLive: Config.Duration("INVENTORY_AVAILABILITY_TTL").pipe(
        Config.withDefault(Duration.seconds(5))
      )
    })
  )
}
