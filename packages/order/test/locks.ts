import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Runs the effect while nobody can insert into the table: what wants to stays open in the middle of its transaction. */
export const whileLocked = <A, E, R>(table: "orders" | "outbox", effect: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe(`LOCK TABLE ${table} IN SHARE MODE`)
        yield* sql`SET LOCAL idle_in_transaction_session_timeout = 0`
        yield* sql`SET LOCAL transaction_timeout = 0`
        return yield* effect
      })
    )
  )

/** The backends of processes that wait for a lock, their own transactions open. */
export const stuck = SqlClient.SqlClient.use((sql) =>
  // Within one transaction PostgreSQL would show what it showed first.
  sql`SELECT pg_stat_clear_snapshot()`.pipe(
    Effect.andThen(sql<{ pid: number }>`SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'order' AND wait_event_type = 'Lock'`)
  )
)

/** Waits until so many transactions of processes are stuck. */
export const untilStuck = (count: number) =>
  eventually(
    `${count} transactions wait for a lock`,
    Effect.map(stuck, (backends) => backends.length === count)
  )
