import { Duration, Effect, Stream } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { AuditContext, AuditOptions } from "./context.ts"

const CHUNK = 5_000

const TRIED = `|| ' since ' || to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ', ' || attempts ||
     CASE attempts WHEN 1 THEN ' attempt' ELSE ' attempts' END ||
     coalesce(', last error: ' || left(regexp_replace(error, '\\s+', ' ', 'g'), 200), '')`

/** What holds an order up, and since when: a handful of rows at any time. */
const TROUBLES = `
  SELECT key, since, 'its ' || CASE status WHEN 'refunding' THEN 'refund' WHEN 'voiding' THEN 'void' ELSE 'capture' END ||
    ' is owed to the gateway' ${TRIED} AS trouble
  FROM (SELECT order_id::text AS key, status, updated_at AS since, attempts, last_error AS error
    FROM payments WHERE next_attempt_at IS NOT NULL) owed
  UNION ALL
  SELECT key, since, 'its ' || topic || ' is parked for ' || consumer_group ${TRIED}
  FROM (SELECT *, parked_at AS since FROM parked_events) parked
  UNION ALL
  SELECT key, since, 'its ' || topic || ' is a dead letter of ' || consumer_group ${TRIED}
  FROM (SELECT *, died_at AS since FROM dead_letters WHERE state = 'open' AND key IS NOT NULL) dead`

/**
 * Copies what the checks compare into temporary tables of this connection. Orders come first: what an order that had
 * ended by then implies is in every record that is read after it.
 */
export const load = <E>(context: AuditContext<E>, options: AuditOptions): Effect.Effect<void, E | SqlError.SqlError> =>
  Effect.gen(function* () {
    const { sql } = context
    // An old table is that of an audit before, on the same connection.
    for (const table of ["began", "orders", "captures", "refunds", "messages", "accepted"]) {
      yield* sql.unsafe(`DROP TABLE IF EXISTS pg_temp.audit_${table}`)
    }
    yield* sql.unsafe(
      `CREATE TEMPORARY TABLE audit_began AS SELECT clock_timestamp() AS began_at,
         clock_timestamp() - ${Duration.toMillis(options.settleTime)} * interval '1 millisecond' AS settled_before,
         ${options.expectedDeadLetters ?? 0} AS expected_dead_letters`
    )
    yield* sql.unsafe(
      `CREATE TEMPORARY TABLE audit_orders AS SELECT id, user_id, status, total_amount, created_at,
         updated_at <= settled_before AS settled, trouble
       FROM orders LEFT JOIN (SELECT DISTINCT ON (key) key, trouble FROM (${TROUBLES}) t ORDER BY key, since) oldest
         ON key = id::text, audit_began`
    )
    yield* sql.unsafe(
      "CREATE TEMPORARY TABLE audit_captures (reference text NOT NULL, txn_id text NOT NULL, amount bigint NOT NULL)"
    )
    yield* sql.unsafe(
      "CREATE TEMPORARY TABLE audit_refunds (txn_id text NOT NULL, refund_id text NOT NULL, amount bigint NOT NULL)"
    )
    yield* sql.unsafe("CREATE TEMPORARY TABLE audit_messages (id text NOT NULL)")
    yield* sql.unsafe("CREATE TEMPORARY TABLE audit_accepted (id uuid NOT NULL)")

    yield* context.ledger.pipe(
      Stream.grouped(CHUNK),
      Stream.runForEach((entries) =>
        Effect.gen(function* () {
          yield* insert(
            sql,
            "audit_captures",
            "reference text, txn_id text, amount bigint",
            entries
              .filter((entry) => entry.kind === "captured")
              .map((entry) => ({
                reference: entry.reference ?? entry.idempotency_key,
                txn_id: entry.txn_id ?? "(none)",
                amount: entry.amount
              }))
          )
          yield* insert(
            sql,
            "audit_refunds",
            "txn_id text, refund_id text, amount bigint",
            entries
              .filter((entry) => entry.kind === "refunded")
              .map((entry) => ({
                txn_id: entry.txn_id ?? "(none)",
                refund_id: entry.refund_id ?? "(none)",
                amount: entry.amount
              }))
          )
        })
      )
    )
    yield* (context.messages ?? Stream.empty).pipe(
      Stream.grouped(CHUNK),
      Stream.runForEach((messages) =>
        insert(
          sql,
          "audit_messages",
          "id text",
          messages.map(({ id }) => ({ id }))
        )
      )
    )
    yield* Stream.fromIterable(options.accepted ?? []).pipe(
      Stream.grouped(CHUNK),
      Stream.runForEach((ids) =>
        insert(
          sql,
          "audit_accepted",
          "id uuid",
          ids.map((id) => ({ id }))
        )
      )
    )
    for (const table of ["orders", "captures", "refunds", "messages", "accepted"])
      yield* sql.unsafe(`ANALYZE audit_${table}`)
  })

const insert = (
  sql: SqlClient.SqlClient,
  table: string,
  columns: string,
  rows: ReadonlyArray<object>
): Effect.Effect<void, SqlError.SqlError> =>
  rows.length === 0
    ? Effect.void
    : Effect.asVoid(
        sql.unsafe(`INSERT INTO ${table} SELECT * FROM json_to_recordset($1::json) AS row (${columns})`, [
          JSON.stringify(rows)
        ])
      )
