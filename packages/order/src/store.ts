import type { CancelReason, FailedItem, OrderId, OrderStatus, UserId } from "@flowforge/contracts"
import type { Changes } from "@flowforge/messaging"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { accepted, type OrderMove, type OrderState } from "./domain.ts"
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

/** An order whose row the transaction has locked, so that what is decided about it holds. */
export interface LockedOrder {
  readonly id: OrderId
  readonly user_id: UserId
  readonly total_amount: number
  readonly items: OrderFacts["items"]
  readonly state: OrderState
  /** Seconds since it was accepted. */
  readonly age: number
}

/** A move that was decided. `eventId` is the event behind it, if it was one. */
export interface Moved {
  readonly id: OrderId
  readonly move: OrderMove
  readonly cause: string
  readonly eventId: string | undefined
}

export interface Page {
  readonly userId?: UserId | undefined
  readonly status?: OrderStatus | undefined
  /** Only orders older than this one. */
  readonly before?: OrderId | undefined
  readonly limit: number
}

type Rows<A> = Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>

/** The tables `orders`, `order_items` and `order_history`. */
export class Orders extends Context.Service<
  Orders,
  {
    /** New orders with their lines and the beginning of their history, to be appended with the events about them. */
    readonly insertion: (orders: ReadonlyArray<NewOrder>) => Changes
    /** Locks those of these orders that exist, in the order of their ids: two batches never wait in a circle. */
    readonly lock: (ids: ReadonlyArray<OrderId>) => Rows<LockedOrder>
    /** Moves of locked orders, noted in their history, to be appended with the events about them. */
    readonly movement: (moved: ReadonlyArray<Moved>) => Changes
    readonly status: (id: OrderId) => Effect.Effect<OrderStatus | undefined, SqlError.SqlError>
    readonly find: (id: OrderId) => Effect.Effect<OrderFacts | undefined, SqlError.SqlError>
    readonly page: (page: Page) => Rows<OrderRow>
    /** How many orders older than this id have no end yet; counts up to `limit`. */
    readonly countOpen: (olderThan: string, limit: number) => Effect.Effect<number, SqlError.SqlError>
    readonly openOlderThan: (id: string, limit: number) => Effect.Effect<ReadonlyArray<OrderId>, SqlError.SqlError>
    /** Orders without an end in the order of their ids: first those after this one, then from the oldest on. */
    readonly openInTurn: (
      after: string,
      of: { readonly olderThan: string; readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<OrderId>, SqlError.SqlError>
    readonly openAmong: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
  }
>()("@flowforge/order/Orders") {
  static readonly layerPostgres: Layer.Layer<Orders, never, SqlClient.SqlClient> = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = (orders: ReadonlyArray<{ readonly id: OrderId }>) => orders.map(({ id }) => id)
      return Orders.of({
        insertion: (orders) => {
          const lines = orders.flatMap(({ id, lines }) => lines.map((line) => ({ id, ...line })))
          return {
            ctes: INSERTION,
            values: [
              ids(orders),
              orders.map((order) => order.userId),
              orders.map((order) => String(order.total)),
              orders.map((order) => order.payment.method),
              orders.map((order) => order.payment.token),
              ids(lines),
              lines.map((line) => line.itemId),
              lines.map((line) => line.quantity),
              lines.map((line) => String(line.price))
            ]
          }
        },
        lock: (orders) => Effect.map(sql.unsafe<LockedRow>(LOCK, [orders]), (rows) => rows.map(lockedOrder)),
        movement: (moved) => ({
          ctes: MOVEMENT,
          values: [
            ids(moved),
            moved.map(({ move }) => HISTORY_STATE[move._tag]),
            moved.map(({ cause }) => cause),
            moved.map(({ eventId }) => eventId ?? ""),
            moved.map(({ move }) => (move._tag === "Cancel" ? move.reason : "")),
            moved.map(({ move }) =>
              move._tag === "Cancel" && move.failedItems ? JSON.stringify(move.failedItems) : ""
            )
          ]
        }),
        status: (id) =>
          Effect.map(
            sql.unsafe<{ status: OrderStatus }>("SELECT status FROM orders WHERE id = $1::uuid", [id]),
            (rows) => rows[0]?.status
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
          // As a literal (it is one of three): a parameter would keep the index of the pending orders out of the plan.
          if (status !== undefined) where.push(`status = '${status}'`)
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
        openInTurn: (after, { olderThan, limit }) =>
          Effect.map(
            sql.unsafe<{ id: OrderId }>(
              `SELECT id FROM orders WHERE status = 'PENDING' AND id < $2::uuid ORDER BY id <= $1::uuid, id LIMIT $3`,
              [after, olderThan, limit]
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

const INSERTION = `
  new_orders AS (
    INSERT INTO orders (id, user_id, total_amount, payment_method, payment_token)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[])),
  new_items AS (
    INSERT INTO order_items (order_id, item_id, quantity, price)
    SELECT * FROM unnest($6::uuid[], $7::int[], $8::int[], $9::bigint[])),
  begun AS (
    INSERT INTO order_history (order_id, state, cause)
    SELECT id, 'PENDING', 'accepted' FROM unnest($1::uuid[]) AS t (id))`

interface LockedRow extends Omit<LockedOrder, "state"> {
  readonly status: OrderStatus
  readonly cancel_reason: CancelReason | null
  readonly refunded: boolean
}

const lockedOrder = ({ status, cancel_reason, refunded, ...order }: LockedRow): LockedOrder => ({
  ...order,
  state:
    cancel_reason !== null
      ? { _tag: "Cancelled", reason: cancel_reason, refunded }
      : status === "CONFIRMED"
        ? { _tag: "Confirmed" }
        : accepted
})

const itemsOf = (order: string) => `
  (SELECT json_agg(json_build_object('item_id', item_id, 'quantity', quantity, 'price', price) ORDER BY item_id)
   FROM order_items WHERE order_id = ${order}.id) AS items`

const LOCK = `
  SELECT id, user_id, status, cancel_reason, total_amount::float8 AS total_amount, ${itemsOf("orders")},
    status = 'CANCELLED' AND EXISTS (SELECT FROM order_history h WHERE h.order_id = orders.id AND h.state = 'REFUNDED')
      AS refunded,
    extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
  FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`

/** What a move is called in the history. */
const HISTORY_STATE = { Confirm: "CONFIRMED", Cancel: "CANCELLED", RecordRefund: "REFUNDED" } as const

/** `= ANY`: by the join alone, a plan made while there were few orders would read all of them. */
const MOVEMENT = `
  moved AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
      AS t (id, state, cause, event_id, reason, failed)),
  noted AS (
    INSERT INTO order_history (order_id, state, cause, event_id)
    SELECT id, state, cause, nullif(event_id, '')::uuid FROM moved),
  ended AS (
    UPDATE orders SET status = moved.state, cancel_reason = nullif(moved.reason, ''),
      failed_items = nullif(moved.failed, '')::jsonb, updated_at = clock_timestamp()
    FROM moved WHERE orders.id = moved.id AND orders.id = ANY($1::uuid[]) AND moved.state <> 'REFUNDED')`

const SUMMARY = `
  SELECT id, user_id, status, total_amount::float8 AS total_amount, cancel_reason, created_at,
    EXISTS (SELECT FROM receipts WHERE order_id = orders.id) AS has_receipt
  FROM orders`

const FIND = `
  SELECT o.*, failed_items, ${itemsOf("o")},
    (SELECT json_agg(json_build_object('state', state, 'at', to_char(at AT TIME ZONE 'UTC', ${isoFormat()}), 'cause', cause)
       ORDER BY state = 'PENDING' DESC, state = 'REFUNDED') FROM order_history WHERE order_id = o.id) AS history,
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
