import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "./eventually.ts"

/** Two rows of a table, by its primary key. */
export interface TwoRows {
  readonly table: string
  readonly key: string
  readonly first: string | number
  readonly second: string | number
}

/** Waits until a statement in this database waits for a lock. */
export const untilSomebodyWaits = SqlClient.SqlClient.use((sql) =>
  eventually(
    "a statement waits for a lock",
    Effect.map(
      sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      (backends) => backends.length === 1
    )
  )
)

/**
 * Fails when an effect that locks both rows locks the second before the first. It runs while somebody has the first, as
 * a plan that reads the table from its beginning, where the second row is put: a sort must make up for both.
 */
export const locksInOrder = Effect.fnUntraced(function* <E, R>(rows: TwoRows, locking: Effect.Effect<unknown, E, R>) {
  const sql = yield* SqlClient.SqlClient
  const { first, key, second, table } = rows
  const [isHeld, mayEnd] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const select = (value: string | number, how: string) =>
    sql.unsafe(`SELECT FROM ${table} WHERE ${key} = $1 FOR UPDATE ${how}`, [value])
  yield* sql.unsafe(`UPDATE ${table} SET ${key} = ${key} WHERE ${key} = $1`, [first])
  const holding = yield* Effect.forkScoped(
    sql.withTransaction(
      Effect.all([select(first, ""), Deferred.succeed(isHeld, undefined), Deferred.await(mayEnd)], { discard: true })
    )
  )
  yield* Deferred.await(isHeld)
  const waiting = yield* Effect.forkScoped(
    sql.withTransaction(
      Effect.all(
        [
          sql`SET LOCAL enable_seqscan = on`,
          sql`SET LOCAL enable_indexscan = off`,
          sql`SET LOCAL enable_bitmapscan = off`,
          locking
        ],
        { discard: true }
      )
    )
  )
  yield* untilSomebodyWaits
  yield* sql.withTransaction(select(second, "NOWAIT"))
  yield* Deferred.succeed(mayEnd, undefined)
  yield* Fiber.joinAll([holding, waiting])
}, Effect.scoped)
