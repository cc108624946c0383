import type { ItemId, MinorUnits, OrderId } from "@flowforge/contracts"
import type { Changes } from "@flowforge/messaging"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Demand } from "./domain.ts"

/** An item of the catalogue with what can be had of it. */
export interface Item {
  readonly id: ItemId
  readonly name: string
  readonly price: MinorUnits
  readonly available: number
}

export interface Adjustment {
  readonly id: string
  readonly itemId: ItemId
  readonly delta: number
  readonly reason: string
}

/**
 * The tables `items`, `reservations` and `stock_adjustments`. Whoever locks both locks reservations first, then items,
 * each in ascending order of id: reserving, releasing and adjusting at once never deadlock.
 */
export class Stock extends Context.Service<
  Stock,
  {
    /**
     * Enters the orders as reserved and locks the items they want. An order that has a reservation already, in whatever
     * state, is not among the claimed and stays as it is.
     */
    readonly claim: (demands: ReadonlyArray<Demand>) => Effect.Effect<
      {
        readonly claimed: ReadonlySet<OrderId>
        readonly available: ReadonlyMap<ItemId, number>
      },
      SqlError.SqlError
    >
    /**
     * Takes the stock of a claim, and turns those orders that got none into rejected ones: to be appended with the events
     * about them.
     */
    readonly taking: (taken: ReadonlyMap<ItemId, number>, rejected: ReadonlyArray<OrderId>) => Changes
    /**
     * Gives back what the orders had reserved, and leaves a tombstone for those never heard of. Answers the items that
     * got stock back.
     */
    readonly release: (orders: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlyArray<ItemId>, SqlError.SqlError>
    /**
     * Counts an item up or down and notes why, unless that takes it out of 0 to `maximum`: then `adjusted` is false and
     * `available` what there is. Nothing for an unknown item.
     */
    readonly adjust: (
      adjustment: Adjustment,
      maximum: number
    ) => Effect.Effect<{ readonly adjusted: boolean; readonly available: number } | undefined, SqlError.SqlError>
    /** Unknown items are missing in the answer. */
    readonly available: (
      ids: ReadonlyArray<ItemId>
    ) => Effect.Effect<ReadonlyArray<{ readonly id: ItemId; readonly available: number }>, SqlError.SqlError>
    /** The next items after an id, by id. */
    readonly page: (after: number, limit: number) => Effect.Effect<ReadonlyArray<Item>, SqlError.SqlError>
  }
>()("@flowforge/inventory/Stock") {
  static readonly layerPostgres: Layer.Layer<Stock, never, SqlClient.SqlClient> = Layer.effect(
    Stock,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Stock.of({
        claim: Effect.fnUntraced(function* (demands) {
          const [row] = yield* sql.unsafe<{ claimed: ReadonlyArray<OrderId>; items: Record<string, number> | null }>(
            // Counting what is claimed makes PostgreSQL finish the insert before it locks the first item.
            `WITH claimed AS (
               INSERT INTO reservations (order_id, status, item_ids, quantities)
               SELECT order_id, 'reserved', item_ids::integer[], quantities::integer[]
               FROM unnest($1::uuid[], $2::text[], $3::text[]) AS demand (order_id, item_ids, quantities)
               ORDER BY order_id
               ON CONFLICT (order_id) DO NOTHING
               RETURNING order_id
             ), locked AS (
               SELECT id, available FROM items
               WHERE id = ANY ($4::integer[]) AND (SELECT count(*) FROM claimed) > 0
               ORDER BY id FOR UPDATE
             )
             SELECT ARRAY(SELECT order_id::text FROM claimed) AS claimed,
               (SELECT jsonb_object_agg(id, available) FROM locked) AS items`,
            [
              demands.map((demand) => demand.orderId),
              demands.map((demand) => `{${demand.lines.map((line) => line.item_id).join()}}`),
              demands.map((demand) => `{${demand.lines.map((line) => line.quantity).join()}}`),
              [...new Set(demands.flatMap((demand) => demand.lines.map((line) => line.item_id)))]
            ]
          )
          const available = new Map<ItemId, number>()
          for (const [id, count] of Object.entries(row?.items ?? {})) available.set(Number(id) as ItemId, count)
          return { claimed: new Set(row?.claimed), available }
        }),
        taking: (taken, rejected) => ({
          // `= ANY`: by the join alone, a plan made while there were few items would read all of them.
          ctes: `taken AS (
              UPDATE items SET available = items.available - taken.quantity, updated_at = now()
              FROM unnest($1::integer[], $2::integer[]) AS taken (id, quantity)
              WHERE items.id = taken.id AND items.id = ANY ($1::integer[])
            ), rejected AS (
              UPDATE reservations SET status = 'rejected', updated_at = now() WHERE order_id = ANY ($3::uuid[])
            )`,
          values: [[...taken.keys()], [...taken.values()], rejected]
        }),
        release: (orders) =>
          Effect.map(
            sql.unsafe<{ id: ItemId }>(
              `WITH released AS (
                 INSERT INTO reservations (order_id, status)
                 SELECT DISTINCT order_id, 'released' FROM unnest($1::uuid[]) AS cancelled (order_id) ORDER BY order_id
                 ON CONFLICT (order_id) DO UPDATE SET status = 'released', updated_at = now()
                   WHERE reservations.status = 'reserved'
                 RETURNING item_ids, quantities
               ), returned AS (
                 SELECT id, sum(quantity) AS quantity
                 FROM released, unnest(item_ids, quantities) AS line (id, quantity) GROUP BY id
               ), locked AS (
                 SELECT id FROM items WHERE id IN (SELECT id FROM returned) ORDER BY id FOR UPDATE
               )
               UPDATE items SET available = items.available + returned.quantity, updated_at = now()
               FROM returned JOIN locked USING (id) WHERE items.id = returned.id
               RETURNING items.id`,
              [orders]
            ),
            (rows) => rows.map((row) => row.id)
          ),
        adjust: Effect.fnUntraced(function* ({ id, itemId, delta, reason }, maximum) {
          const [row] = yield* sql.unsafe<{ adjusted: boolean; available: number }>(
            // Counted from what was locked: from its own row PostgreSQL would count, and CHECK, the version of its snapshot first.
            `WITH item AS (
               SELECT id, available, available::bigint + $2::integer BETWEEN 0 AND $3::integer AS fits
               FROM items WHERE id = $1::integer FOR UPDATE
             ), adjusted AS (
               UPDATE items SET available = item.available + $2::integer, updated_at = now()
               FROM item WHERE items.id = item.id AND item.fits
               RETURNING items.available
             ), noted AS (
               INSERT INTO stock_adjustments (id, item_id, delta, reason)
               SELECT $4::uuid, id, $2::integer, $5::text FROM item WHERE fits
             )
             SELECT fits AS adjusted, coalesce((SELECT available FROM adjusted), available) AS available FROM item`,
            [itemId, delta, maximum, id, reason]
          )
          return row
        }),
        available: (ids) =>
          sql.unsafe<{ id: ItemId; available: number }>(
            "SELECT id, available FROM items WHERE id = ANY ($1::integer[])",
            [ids]
          ),
        page: (after, limit) =>
          sql.unsafe<Item>(
            "SELECT id, name, price::float8 AS price, available FROM items WHERE id > $1 ORDER BY id LIMIT $2",
            [after, limit]
          )
      })
    })
  )
}
