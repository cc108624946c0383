import { Clock, Effect } from "effect"
import type { SqlClient } from "effect/sql"

const LOOK_EVERY = "100 millis"
/** Generous: on a busy machine everything takes several times as long. */
const PATIENCE_MILLIS = 240_000

interface Progress {
  readonly ended: number
  readonly told: number
}

/** How many of these orders have their end, and of how many the customer was told, or nobody can know. */
const progressOf = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>) =>
  Effect.map(
    sql<Progress>`
      SELECT count(*) FILTER (WHERE o.status <> 'PENDING')::int AS ended,
        count(*) FILTER (WHERE n.settled)::int AS told
      FROM orders o LEFT JOIN (
        SELECT order_id, bool_and(status <> 'claimed') AS settled FROM notifications GROUP BY order_id
      ) n ON n.order_id = o.id
      WHERE o.id = ANY(${orders}::uuid[])`,
    ([progress]) => progress!
  )

/**
 * From now until each of these orders has its end, and until each customer has been told: milliseconds, or undefined
 * where that did not come in time. A database that does not answer yet is asked again.
 */
export const recoveryOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>) {
  const from = yield* Clock.currentTimeMillis
  const millis = Effect.map(Clock.currentTimeMillis, (now) => now - from)
  let endedMillis: number | undefined
  for (;;) {
    const { ended, told } = yield* Effect.orElseSucceed(progressOf(sql, orders), () => ({ ended: 0, told: 0 }))
    const waited = yield* millis
    if (ended === orders.length) endedMillis ??= waited
    if (endedMillis !== undefined && told === orders.length) return { endedMillis, toldMillis: waited }
    if (waited > PATIENCE_MILLIS) return { endedMillis, toldMillis: undefined }
    yield* Effect.sleep(LOOK_EVERY)
  }
})
