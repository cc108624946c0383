import { all, count, type Misconfigured, time, type ValueOf } from "@flowforge/platform/settings"
import { Context, Layer } from "effect"

/** Every variable that the inventory service reads. */
export const settings = all({
  batchSize: count("INVENTORY_BATCH_SIZE", 500, "the most events in one transaction"),
  batchLinger: time(
    "INVENTORY_BATCH_LINGER",
    "2 millis",
    "how long to gather more events into a batch that is not full"
  ),
  availabilityTimeToLive: time(
    "INVENTORY_AVAILABILITY_TTL",
    "5 seconds",
    "how long an availability may be answered from the cache"
  )
})

export class InventoryConfig extends Context.Service<InventoryConfig, ValueOf<typeof settings>>()(
  "@flowforge/inventory/InventoryConfig"
) {
  static readonly layer: Layer.Layer<InventoryConfig, Misconfigured> = Layer.effect(InventoryConfig, settings.read)
}
