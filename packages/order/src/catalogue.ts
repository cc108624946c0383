import { ItemId, MinorUnits, type UserId } from "@flowforge/contracts"
import { monotonicMillis } from "@flowforge/messaging"
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

      type PriceRow = { readonly id: number; readonly price: number }
      const priced = (rows: ReadonlyArray<PriceRow>) =>
        rows.map(({ id, price }) => [ItemId.make(id), MinorUnits.make(price)] as const)

      /** One request reads again; those that come meanwhile go on with what there is. */
      const refresh = Effect.suspend(() => {
        const before = readAt
        readAt = monotonicMillis(clock)
        return sql<PriceRow>`SELECT id, price::float8 AS price FROM items`.pipe(
          Effect.map((rows) => (prices = new Map(priced(rows)))),
          Effect.onError(() => Effect.sync(() => (readAt = before)))
        )
      })

      /** Only those asked for: an unknown item costs an index probe, not the catalogue. */
      const lookUp = (items: ReadonlyArray<ItemId>) =>
        sql
          .unsafe<PriceRow>("SELECT id, price::float8 AS price FROM items WHERE id = ANY($1::int[])", [items])
          .pipe(Effect.map((rows) => (rows.length === 0 ? prices : (prices = new Map([...prices, ...priced(rows)])))))

      return Catalogue.of({
        prices: Effect.fnUntraced(function* (items) {
          if (monotonicMillis(clock) - readAt >= maxAge) yield* refresh
          const missing = items.filter((item) => !prices.has(item))
          return missing.length === 0 ? prices : yield* lookUp(missing)
        }),
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
