import type { Line, MinorUnits, OrderId, UserId } from "@flowforge/contracts"
import type { Changes } from "@flowforge/messaging"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { PaymentState } from "./domain.ts"

/** What a payment is of. */
export interface Intent {
  readonly orderId: OrderId
  readonly userId: UserId
  readonly amount: MinorUnits
  readonly method: string
  readonly items: ReadonlyArray<Line>
  readonly traceparent: string | undefined
}

/** A payment's row, locked by the caller's transaction. */
export interface Payment {
  readonly order_id: OrderId
  readonly state: PaymentState
  readonly user_id: UserId | null
  readonly amount: MinorUnits | null
  readonly method: string | null
  readonly items: ReadonlyArray<Line> | null
  readonly traceparent: string | null
  readonly attempts: number
}

/** A change of a row. What is owed to the gateway then is due at once. */
export interface Change {
  readonly orderId: OrderId
  readonly state: PaymentState
}

interface Row extends Omit<Payment, "state"> {
  readonly status: PaymentState["_tag"]
  readonly txn_id: string | null
  readonly refund_id: string | null
  readonly decline_reason: string | null
}

const COLUMNS = `order_id, user_id, amount::float8 AS amount, method, items, status, txn_id, refund_id,
  decline_reason, traceparent, attempts`

/** How many payments wait for the gateway in a state, since when, and what the oldest of them met last. */
export interface Owed {
  readonly status: "pending" | "voiding" | "refunding"
  readonly count: number
  readonly oldest_seconds: number
  readonly oldest_order_id: OrderId
  readonly attempts: number
  readonly last_error: string | null
}

/** The table `payments`. Rows are locked in ascending order of their order ids. */
export class Payments extends Context.Service<
  Payments,
  {
    /** Keeps the intents of orders never heard of. Answers all of these orders as they stand now. */
    readonly intend: (intents: ReadonlyArray<Intent>) => Effect.Effect<ReadonlyArray<Payment>, SqlError.SqlError>
    /** Leaves a tombstone for those never heard of, and locks all. Answers those that were there before. */
    readonly entomb: (orders: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlyArray<Payment>, SqlError.SqlError>
    readonly lock: (orders: ReadonlyArray<OrderId>) => Effect.Effect<ReadonlyArray<Payment>, SqlError.SqlError>
    /** Moves of locked payments, to be appended with the events about them. */
    readonly movement: (moved: ReadonlyArray<Change>) => Changes
    /** Takes payments that owe the gateway something, leaving them to others again after `leaseMillis`. */
    readonly takeDue: (limit: number, leaseMillis: number) => Effect.Effect<ReadonlyArray<Payment>, SqlError.SqlError>
    /** Sets when a capture that is still without an outcome becomes due, unless that is set already. */
    readonly limitPending: (
      orders: ReadonlyArray<OrderId>,
      limitMillis: number
    ) => Effect.Effect<void, SqlError.SqlError>
    readonly noteFailure: (order: OrderId, error: string, delayMillis: number) => Effect.Effect<void, SqlError.SqlError>
    /** How long until something is due, not above zero when it is; undefined when nothing is going to be. */
    readonly millisUntilDue: Effect.Effect<number | undefined, SqlError.SqlError>
    /** What waits for the gateway, for each state that something is in. */
    readonly owed: Effect.Effect<ReadonlyArray<Owed>, SqlError.SqlError>
  }
>()("@flowforge/payment/Payments") {
  static readonly layerPostgres: Layer.Layer<Payments, never, SqlClient.SqlClient> = Layer.effect(
    Payments,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = (text: string, values: ReadonlyArray<unknown>) =>
        Effect.map(sql.unsafe<Row>(text, values), (found) => found.map(fromRow))
      const lock = (orders: ReadonlyArray<OrderId>) =>
        rows(`SELECT ${COLUMNS} FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE`, [orders])
      return Payments.of({
        lock,
        intend: (intents) => {
          const sorted = intents.toSorted(byOrderId)
          const orders = sorted.map(({ orderId }) => orderId)
          return Effect.gen(function* () {
            const made = yield* rows(
              `INSERT INTO payments (order_id, user_id, amount, method, items, traceparent, status)
               SELECT t.*, 'pending' FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::jsonb[],
                 $6::text[]) AS t ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
              [
                orders,
                sorted.map(({ userId }) => userId),
                sorted.map(({ amount }) => String(amount)),
                sorted.map(({ method }) => method),
                sorted.map(({ items }) => JSON.stringify(items)),
                sorted.map(({ traceparent }) => traceparent ?? "")
              ]
            )
            if (made.length === orders.length) return made
            return yield* rows(`SELECT ${COLUMNS} FROM payments WHERE order_id = ANY($1::uuid[])`, [orders])
          })
        },
        entomb: (orders) =>
          Effect.gen(function* () {
            const sorted = orders.toSorted()
            const made = yield* sql.unsafe<{ order_id: OrderId }>(
              `INSERT INTO payments (order_id, status) SELECT t.id, 'void' FROM unnest($1::uuid[]) AS t (id)
               ON CONFLICT DO NOTHING RETURNING order_id`,
              [sorted]
            )
            if (made.length === orders.length) return []
            const tombs = new Set(made.map(({ order_id }) => order_id))
            return yield* lock(sorted.filter((id) => !tombs.has(id)))
          }),
        movement: (moved) => ({
          // `= ANY`: by the join alone, a plan made while there were few payments would read all of them.
          ctes: `moved AS (
              UPDATE payments p SET status = t.status, txn_id = nullif(t.txn_id, ''),
                refund_id = nullif(t.refund_id, ''), decline_reason = nullif(t.decline_reason, ''),
                next_attempt_at = CASE WHEN t.status IN ('voiding', 'refunding') THEN now() END,
                attempts = 0, last_error = NULL, updated_at = clock_timestamp()
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
                AS t (order_id, status, txn_id, refund_id, decline_reason)
              WHERE p.order_id = t.order_id AND p.order_id = ANY($1::uuid[]))`,
          values: [
            moved.map(({ orderId }) => orderId),
            moved.map(({ state }) => state._tag),
            moved.map(({ state }) => ("txnId" in state ? state.txnId : "")),
            moved.map(({ state }) => ("refundId" in state ? state.refundId : "")),
            moved.map(({ state }) => ("reason" in state ? state.reason : ""))
          ]
        }),
        takeDue: (limit, leaseMillis) =>
          rows(
            `UPDATE payments SET next_attempt_at = now() + $2::int * interval '1 ms'
             WHERE order_id = ANY (ARRAY(SELECT order_id FROM payments WHERE next_attempt_at <= now()
               ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING ${COLUMNS}`,
            [limit, leaseMillis]
          ),
        limitPending: (orders, limitMillis) =>
          Effect.asVoid(
            sql.unsafe(
              `UPDATE payments SET next_attempt_at = now() + $2::float8 * interval '1 ms'
               WHERE order_id = ANY ($1::uuid[]) AND status = 'pending' AND next_attempt_at IS NULL`,
              [orders, limitMillis]
            )
          ),
        noteFailure: (order, error, delayMillis) =>
          Effect.asVoid(
            sql.unsafe(
              `UPDATE payments SET attempts = attempts + 1, last_error = $2,
                 next_attempt_at = now() + $3::int * interval '1 ms'
               WHERE order_id = $1::uuid AND next_attempt_at IS NOT NULL`,
              [order, error, delayMillis]
            )
          ),
        millisUntilDue: Effect.map(
          sql.unsafe<{ millis: number | null }>(
            `SELECT (extract(epoch FROM min(next_attempt_at) - clock_timestamp()) * 1000)::float8 AS millis
             FROM payments WHERE next_attempt_at IS NOT NULL`
          ),
          ([row]) => row?.millis ?? undefined
        ),
        owed: sql.unsafe<Owed>(
          // A state's time begins with its last move; failed attempts do not touch it.
          `SELECT DISTINCT ON (status) status, count(*) OVER (PARTITION BY status)::int AS count,
             extract(epoch FROM clock_timestamp() - updated_at)::float8 AS oldest_seconds,
             order_id AS oldest_order_id, attempts, last_error
           FROM (SELECT * FROM payments WHERE status = 'pending' UNION ALL
             SELECT * FROM payments WHERE next_attempt_at IS NOT NULL AND status <> 'pending') AS waiting
           ORDER BY status, updated_at`
        )
      })
    })
  )
}

const byOrderId = (a: { readonly orderId: string }, b: { readonly orderId: string }): number =>
  a.orderId < b.orderId ? -1 : 1

const fromRow = ({ status, txn_id, refund_id, decline_reason, ...row }: Row): Payment => ({
  ...row,
  traceparent: row.traceparent === "" ? null : row.traceparent,
  state: stateOf({ status, txn_id, refund_id, decline_reason })
})

const stateOf = (row: Pick<Row, "status" | "txn_id" | "refund_id" | "decline_reason">): PaymentState => {
  const txnId = row.txn_id ?? ""
  switch (row.status) {
    case "captured":
    case "refunding":
      return { _tag: row.status, txnId }
    case "refunded":
      return { _tag: "refunded", txnId, refundId: row.refund_id ?? "" }
    case "declined":
      return { _tag: "declined", reason: row.decline_reason ?? "" }
    default:
      return { _tag: row.status }
  }
}
