import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * How many rows of a table, its partitions included, an effect reads with the plans that PostgreSQL keeps for statements
 * that come again. What reads more than it asks for reads a table that grows from end to end.
 */
export const rowsRead = Effect.fnUntraced(function* <E, R>(table: string, effect: Effect.Effect<unknown, E, R>) {
  const sql = yield* SqlClient.SqlClient
  const soFar = Effect.map(
    sql<{ n: number }>`
      SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int AS n FROM pg_stat_xact_user_tables
      WHERE relname ~ ${`^${table}(_default|_[0-9]+)?$`}`,
    ([row]) => row!.n
  )
  return yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`SET LOCAL plan_cache_mode = force_generic_plan`
      // Where PostgreSQL knows that a table is small, it likes best to read all of it.
      yield* sql.unsafe(`ANALYZE ${table}`)
      const before = yield* soFar
      yield* effect
      return (yield* soFar) - before
    })
  )
})
