import { ItemId, MinorUnits, type UserId } from "@flowforge/contracts"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { OrderConfig } from "./config.ts"

/**
 * Prices and customers as the intake needs them: from memory, so that checking a request costs no round trip. Prices
 * may be some seconds old; an unknown item or customer is looked up before it is refused.
 */
export class Catalogue extends Context.Service<
  Catalogue,
  {
    /** The unit prices of those of these items that exist. */
    readonly prices: (items: ReadonlyArray<ItemId>) => Effect.Effect<ReadonlyMap<ItemId, MinorUnits>, SqlError.SqlError>
    readonly knowsUser: (user: UserId) => Effect.Effect<boolean, SqlError.SqlError>
  }
>()("@flowforge/order/Catalogue") {
  static readonly layer: Layer.Layer<Catalogue, never, SqlClient.SqlClient | OrderConfig> = Layer.effect(
    Catalogue,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clock = yield* Clock.Clock
      const { catalogueRefresh } = yield* OrderConfig
      const maxAge = Duration.toMillis(catalogueRefresh)
      let prices: ReadonlyMap<ItemId, MinorUnits> = new Map()
      let readAt = Number.NEGATIVE_INFINITY
      const users = new Set<UserId>()

      const read = Effect.gen(function* () {
        const rows = yield* sql<{ id: number; price: number }>`SELECT id, price::float8 AS price FROM items`
        prices = new Map(rows.map(({ id, price }) => [ItemId.make(id), MinorUnits.make(price)]))
        readAt = clock.currentTimeMillisUnsafe()
        return prices
      })

      return Catalogue.of({
        prices: (items) => {
          const isFresh = clock.currentTimeMillisUnsafe() - readAt < maxAge
          return isFresh && items.every((item) => prices.has(item)) ? Effect.succeed(prices) : read
        },
        knowsUser: (user) =>
          users.has(user)
            ? Effect.succeed(true)
            : Effect.map(sql`SELECT 1 FROM users WHERE id = ${user}::uuid`, (rows) => {
                if (rows.length > 0 && users.size < MAX_USERS) users.add(user)
                return rows.length > 0
              })
      })
    })
  )
}

/** Customers are never removed, so remembering one is right for ever; memory is what bounds it. */
const MAX_USERS = 100_000
