import type { CancelReason, FailedItem, OrderId, OrderStatus, UserId } from "@flowforge/contracts"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { NewOrder } from "./intake/new-order.ts"

/** An order's row. */
export interface OrderRow {
  readonly id: OrderId
  readonly user_id: UserId
  readonly status: OrderStatus
  readonly total_amount: number
  readonly cancel_reason: CancelReason | null
  readonly created_at: Date
  readonly has_receipt: boolean
}

/** Everything that is known about one order. */
export interface OrderFacts extends OrderRow {
  readonly failed_items: ReadonlyArray<FailedItem> | null
  readonly items: ReadonlyArray<{ readonly item_id: number; readonly quantity: number; readonly price: number }>
  readonly history: ReadonlyArray<{ readonly state: HistoryState; readonly at: string; readonly cause: string }>
  readonly trouble: ReadonlyArray<Trouble>
}

export type HistoryState = OrderStatus | "REFUNDED"

export interface Trouble {
  readonly kind: "parked" | "dead_letter"
  readonly topic: string
  readonly consumer_group: string
  readonly attempts: number
  readonly error: string
  readonly next_attempt_at: string | null
}

/** An order that has just reached its end, with what the event about it says. */
export interface Ended {
  readonly id: OrderId
  readonly user_id: UserId
  readonly total_amount: number
  readonly seconds: number
}

export interface Ending {
  readonly id: OrderId
  readonly eventId: string | null
  readonly cause: string
}

export interface Page {
  readonly userId?: UserId | undefined
  readonly status?: OrderStatus | undefined
  /** Only orders older than this one. */
  readonly before?: OrderId | undefined
  readonly limit: number
}

type Rows<A> = Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>

/** The tables `orders`, `order_items` and `order_history`. What moves an order answers only those that it moved. */
export class Orders extends Context.Service<
  Orders,
  {
    readonly insert: (orders: ReadonlyArray<NewOrder>) => Effect.Effect<void, SqlError.SqlError>
    readonly confirm: (orders: ReadonlyArray<Ending>) => Rows<Ended & { readonly items: OrderFacts["items"] }>
    readonly cancel: (
      orders: ReadonlyArray<Ending & { readonly failedItems: ReadonlyArray<FailedItem> | null }>,
      reason: CancelReason
    ) => Rows<Ended>
    readonly recordRefund: (orders: ReadonlyArray<Ending>) => Rows<{ readonly id: OrderId }>
    /** Which of these exist. */
    readonly known: (ids: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlySet<OrderId>, SqlError.SqlError>
    readonly find: (id: OrderId) => Effect.Effect<OrderFacts | undefined, SqlError.SqlError>
    readonly page: (page: Page) => Rows<OrderRow>
    /** How many orders older than this id have no end yet; counts up to `limit`. */
    readonly countOpen: (olderThan: string, limit: number) => Effect.Effect<number, SqlError.SqlError>
    readonly openOlderThan: (id: string, limit: number) => Effect.Effect<ReadonlyArray<OrderId>, SqlError.SqlError>
    readonly openAmong: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
  }
>()("@flowforge/order/Orders") {
  static readonly layerPostgres: Layer.Layer<Orders, never, SqlClient.SqlClient> = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = (orders: ReadonlyArray<{ readonly id: OrderId }>) => orders.map(({ id }) => id)
      return Orders.of({
        insert: (orders) => {
          const lines = orders.flatMap(({ id, lines }) => lines.map((line) => ({ id, ...line })))
          return Effect.asVoid(
            sql.unsafe(INSERT, [
              ids(orders),
              orders.map((order) => order.userId),
              orders.map((order) => String(order.total)),
              orders.map((order) => order.payment.method),
              orders.map((order) => order.payment.token),
              ids(lines),
              lines.map((line) => line.itemId),
              lines.map((line) => line.quantity),
              lines.map((line) => String(line.price))
            ])
          )
        },
        confirm: (orders) =>
          sql.unsafe(CONFIRM, [
            ids(orders),
            orders.map(({ eventId }) => eventId ?? ""),
            orders.map(({ cause }) => cause)
          ]),
        cancel: (orders, reason) =>
          sql.unsafe(CANCEL, [
            ids(orders),
            orders.map(({ eventId }) => eventId ?? ""),
            orders.map(({ cause }) => cause),
            orders.map(({ failedItems }) => (failedItems === null ? "" : JSON.stringify(failedItems))),
            reason
          ]),
        recordRefund: (orders) =>
          sql.unsafe(REFUND, [
            ids(orders),
            orders.map(({ eventId }) => eventId ?? ""),
            orders.map(({ cause }) => cause)
          ]),
        known: (orders) =>
          Effect.map(
            sql.unsafe<{ id: OrderId }>("SELECT id FROM orders WHERE id = ANY($1::uuid[])", [orders]),
            (rows) => new Set(rows.map(({ id }) => id))
          ),
        find: (id) => Effect.map(sql.unsafe<OrderFacts>(FIND, [id]), (rows) => rows[0]),
        page: ({ userId, status, before, limit }) => {
          const values: Array<unknown> = [limit]
          const where: Array<string> = []
          const also = (condition: string, value: unknown) => {
            values.push(value)
            where.push(condition.replace("?", `$${values.length}`))
          }
          if (userId !== undefined) also("user_id = ?::uuid", userId)
          if (status !== undefined) also("status = ?::text", status)
          if (before !== undefined) also("id < ?::uuid", before)
          return sql.unsafe<OrderRow>(
            `${SUMMARY} ${where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`} ORDER BY id DESC LIMIT $1`,
            values
          )
        },
        countOpen: (olderThan, limit) =>
          Effect.map(
            sql.unsafe<{ n: number }>(
              `SELECT count(*)::int AS n FROM
                 (SELECT FROM orders WHERE status = 'PENDING' AND id < $1::uuid LIMIT $2) open`,
              [olderThan, limit]
            ),
            (rows) => rows[0]!.n
          ),
        openOlderThan: (id, limit) =>
          Effect.map(
            sql.unsafe<{ id: OrderId }>(
              "SELECT id FROM orders WHERE status = 'PENDING' AND id < $1::uuid ORDER BY id LIMIT $2",
              [id, limit]
            ),
            ids
          ),
        openAmong: (keys) =>
          Effect.map(
            sql.unsafe<{ id: OrderId }>(
              "SELECT id FROM orders WHERE status = 'PENDING' AND id::text = ANY($1::text[])",
              [keys]
            ),
            ids
          )
      })
    })
  )
}

const INSERT = `
  WITH new_orders AS (
    INSERT INTO orders (id, user_id, total_amount, payment_method, payment_token)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[])),
  new_items AS (
    INSERT INTO order_items (order_id, item_id, quantity, price)
    SELECT * FROM unnest($6::uuid[], $7::int[], $8::int[], $9::bigint[]))
  INSERT INTO order_history (order_id, state, cause) SELECT id, 'PENDING', 'accepted' FROM unnest($1::uuid[]) AS t (id)`

/** Rows are locked in the order of their ids, so that two batches never wait for each other in a circle. */
const MOVING = `
  incoming AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, event_id, cause)),
  locked AS MATERIALIZED (
    SELECT id FROM orders WHERE id = ANY($1::uuid[]) AND status = 'PENDING' ORDER BY id FOR NO KEY UPDATE)`

const noted = (state: string) => `
  INSERT INTO order_history (order_id, state, cause, event_id)
  SELECT moved.id, '${state}', incoming.cause, nullif(incoming.event_id, '')::uuid FROM moved JOIN incoming USING (id)`

const ENDED = `id, user_id, total_amount::float8 AS total_amount,
  extract(epoch FROM clock_timestamp() - created_at)::float8 AS seconds`

const CONFIRM = `
  WITH ${MOVING}, moved AS (
    UPDATE orders SET status = 'CONFIRMED', updated_at = clock_timestamp()
    FROM locked WHERE orders.id = locked.id RETURNING orders.*),
  noted AS (${noted("CONFIRMED")})
  SELECT ${ENDED}, (
    SELECT json_agg(json_build_object('item_id', item_id, 'quantity', quantity, 'price', price) ORDER BY item_id)
    FROM order_items WHERE order_id = moved.id) AS items
  FROM moved`

const CANCEL = `
  WITH ${MOVING}, failed AS (SELECT * FROM unnest($1::uuid[], $4::text[]) AS t (id, items)), moved AS (
    UPDATE orders SET status = 'CANCELLED', cancel_reason = $5, updated_at = clock_timestamp(),
      failed_items = nullif(failed.items, '')::jsonb
    FROM locked JOIN failed USING (id) WHERE orders.id = locked.id RETURNING orders.*),
  noted AS (${noted("CANCELLED")})
  SELECT ${ENDED} FROM moved`

const REFUND = `
  INSERT INTO order_history (order_id, state, cause, event_id)
  SELECT t.id, 'REFUNDED', t.cause, nullif(t.event_id, '')::uuid
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, event_id, cause)
  JOIN orders ON orders.id = t.id AND orders.status = 'CANCELLED' ORDER BY t.id
  ON CONFLICT DO NOTHING RETURNING order_id AS id`

const SUMMARY = `
  SELECT id, user_id, status, total_amount::float8 AS total_amount, cancel_reason, created_at,
    EXISTS (SELECT FROM receipts WHERE order_id = orders.id) AS has_receipt
  FROM orders`

const FIND = `
  SELECT o.*, failed_items,
    (SELECT json_agg(json_build_object('item_id', item_id, 'quantity', quantity, 'price', price) ORDER BY item_id)
     FROM order_items WHERE order_id = o.id) AS items,
    (SELECT json_agg(json_build_object('state', state, 'at', to_char(at AT TIME ZONE 'UTC', ${isoFormat()}), 'cause', cause)
       ORDER BY at) FROM order_history WHERE order_id = o.id) AS history,
    coalesce((SELECT json_agg(trouble) FROM (
      SELECT 'parked' AS kind, e.topic, e.consumer_group, e.attempts, coalesce(e.error, 'waits behind an earlier event') AS error,
        to_char(k.next_attempt_at AT TIME ZONE 'UTC', ${isoFormat()}) AS next_attempt_at
      FROM parked_events e JOIN parked_keys k USING (consumer_group, topic, key) WHERE e.key = $1::text
      UNION ALL
      SELECT 'dead_letter', topic, consumer_group, attempts, error, NULL FROM dead_letters
      WHERE key = $1::text AND state = 'open') trouble), '[]') AS trouble
  FROM (${SUMMARY} WHERE id = $1::uuid) o JOIN orders USING (id)`

function isoFormat(): string {
  return `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`
}
