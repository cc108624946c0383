import { DEFAULT_PAGE, InsufficientStock, InvalidRequest, type ItemId, ItemNotFound } from "@flowforge/contracts"
import { Cache, Uuids } from "@flowforge/platform"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { availabilityKey } from "./availability.ts"
import { type Item, Stock } from "./store.ts"

/** The most pieces of an item that adjustments may add up to. Below PostgreSQL's integer: what is reserved comes back on top. */
export const MAX_STOCK = 2_000_000_000

export interface ProductPage {
  readonly items: ReadonlyArray<Item>
  readonly next: ItemId | undefined
}

/** The catalogue, and counting its stock up and down. */
export class Products extends Context.Service<
  Products,
  {
    /** A page of the catalogue by id, after an id. */
    readonly page: (options: {
      readonly after?: number | undefined
      readonly limit?: number | undefined
    }) => Effect.Effect<ProductPage, SqlError.SqlError>
    /** Changes the stock of an item by `delta`, recorded with its reason; answers what is available then. */
    readonly adjust: (
      itemId: ItemId,
      change: { readonly delta: number; readonly reason: string }
    ) => Effect.Effect<number, ItemNotFound | InsufficientStock | InvalidRequest | SqlError.SqlError>
  }
>()("@flowforge/inventory/Products") {
  static readonly layer: Layer.Layer<Products, never, Stock | Cache | SqlClient.SqlClient> = Layer.effect(
    Products,
    Effect.gen(function* () {
      const stock = yield* Stock
      const cache = yield* Cache
      const uuids = yield* Uuids

      const page = Effect.fnUntraced(function* (options: { after?: number | undefined; limit?: number | undefined }) {
        const limit = options.limit ?? DEFAULT_PAGE
        const found = yield* stock.page(options.after ?? 0, limit + 1)
        const items = found.slice(0, limit)
        return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
      })

      const adjust = Effect.fnUntraced(function* (
        itemId: ItemId,
        { delta, reason }: { readonly delta: number; readonly reason: string }
      ) {
        const result = yield* stock.adjust({ id: uuids.next(), itemId, delta, reason }, MAX_STOCK)
        if (result === undefined) return yield* new ItemNotFound({ item_ids: [itemId] })
        const { adjusted, available } = result
        if (adjusted) {
          yield* cache.remove([availabilityKey(itemId)])
          yield* Effect.annotateLogs(Effect.logInfo("stock adjusted"), { item_id: itemId, delta, reason, available })
          return available
        }
        return yield* delta < 0
          ? new InsufficientStock({ item_id: itemId, available })
          : new InvalidRequest({ errors: [{ field: "delta", message: `would take the stock above ${MAX_STOCK}` }] })
      })

      return Products.of({ page, adjust })
    })
  )
}
