import type { ItemId } from "@flowforge/contracts"
import { Cache } from "@flowforge/platform"
import { Context, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { InventoryConfig } from "./config.ts"
import { Stock } from "./store.ts"

export const availabilityKey = (id: ItemId): string => `item_avail:${id}`

/**
 * How many of an item can be had: read through a cache that every change of stock deletes from. A reader that filled it
 * while a change committed may leave the old number there, for the short time it lives.
 */
export class Availability extends Context.Service<
  Availability,
  {
    /** Unknown items are missing in the answer. */
    readonly of: (ids: ReadonlyArray<ItemId>) => Effect.Effect<ReadonlyMap<ItemId, number>, SqlError.SqlError>
  }
>()("@flowforge/inventory/Availability") {
  static readonly layer: Layer.Layer<Availability, never, Stock | Cache | InventoryConfig> = Layer.effect(
    Availability,
    Effect.gen(function* () {
      const stock = yield* Stock
      const cache = yield* Cache
      const { availabilityTimeToLive: timeToLive } = yield* InventoryConfig
      return Availability.of({
        of: Effect.fnUntraced(function* (ids) {
          const cached = yield* cache.get(ids.map(availabilityKey))
          const known = new Map<ItemId, number>()
          const missing: Array<ItemId> = []
          ids.forEach((id, index) => {
            const value = cached[index]
            if (value === undefined) missing.push(id)
            else known.set(id, Number(value))
          })
          if (missing.length === 0) return known
          const rows = yield* stock.available(missing)
          for (const row of rows) known.set(row.id, row.available)
          yield* cache.fill(
            rows.map((row) => ({ key: availabilityKey(row.id), value: String(row.available), timeToLive }))
          )
          return known
        })
      })
    })
  )
}
