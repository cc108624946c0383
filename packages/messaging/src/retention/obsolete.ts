import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Keys asked about at once, and delivery records deleted at once: bounds, since no transaction may live long. */
const CHUNK = 5_000

/** Which of these keys are not at their end yet. Their events stay, whatever their age. */
export type OpenKeys<E, R> = (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, E, R>

const isBeyondSomeCursor = Effect.fnUntraced(function* (partition: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ so: boolean }>(
    `SELECT EXISTS (SELECT FROM relay_cursors c JOIN ${partition} o
                      ON o.source = c.source AND (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id))
         OR EXISTS (SELECT FROM broker_cursors c JOIN ${partition} o
                      ON o.topic = c.topic AND o.partition = c.partition
                     AND (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id)) AS so`
  )
  return rows[0]!.so
})

const holdsOpenKey = Effect.fnUntraced(function* <E, R>(partition: string, openKeys: OpenKeys<E, R>) {
  const sql = yield* SqlClient.SqlClient
  let last = ""
  while (true) {
    const rows = yield* sql.unsafe<{ key: string }>(
      `SELECT DISTINCT key FROM ${partition} WHERE key > $1 ORDER BY key LIMIT ${CHUNK}`,
      [last]
    )
    if (rows.length === 0) return false
    const keys = rows.map((row) => row.key)
    if ((yield* openKeys(keys)).length > 0) return true
    last = keys.at(-1)!
  }
})

/** Why a partition of the outbox cannot go yet, or undefined when it can. */
export const outboxPartitionIsKeptBecause = Effect.fnUntraced(function* <E, R>(
  partition: string,
  openKeys: OpenKeys<E, R>
) {
  if (yield* isBeyondSomeCursor(partition)) return "some of it has not been published or handled" as const
  if (yield* holdsOpenKey(partition, openKeys)) return "it holds events of a key that is not at its end" as const
  return undefined
})

/**
 * Why a partition of the delivery records cannot go yet: a parked event may wait for weeks and needs its record then; and
 * an old event that was replayed lately has its record in an old partition, while a copy of it is still in the outbox.
 */
export const recordsPartitionIsKeptBecause = Effect.fnUntraced(function* (partition: string, outboxMillis: number) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* readingAll(
    sql.unsafe<{ reason: string | null }>(
      `SELECT CASE
         WHEN EXISTS (SELECT FROM parked_events JOIN ${partition} USING (consumer_group, event_id))
           THEN 'it holds the record of an event that is parked'
         WHEN EXISTS (SELECT FROM ${partition} WHERE processed_at > now() - $1::float8 * interval '1 ms')
           THEN 'it holds the record of an event handled lately'
       END AS reason`,
      [String(outboxMillis)]
    )
  )
  return rows[0]!.reason ?? undefined
})

/** For longer than other transactions live: a day may have tens of millions of records, and no index by their time. */
const readingAll = <A, E, R>(read: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      // A running limit is not moved by another one, only ended by none.
      sql`SET LOCAL transaction_timeout = 0`.pipe(
        Effect.andThen(sql`SET LOCAL transaction_timeout = '10min'`),
        Effect.andThen(read)
      )
    )
  )

/** Delivery records of events outside every daily partition go by the time of their handling, once they wait no more. */
export const deleteOldRecordsOfDefault = Effect.fnUntraced(function* (recordsMillis: number) {
  const sql = yield* SqlClient.SqlClient
  while (true) {
    const deleted = yield* sql.unsafe(
      `DELETE FROM processed_events_default WHERE (consumer_group, event_id) IN (
         SELECT consumer_group, event_id FROM processed_events_default
          WHERE processed_at < now() - $1::float8 * interval '1 ms' AND outcome <> 'parked' LIMIT ${CHUNK}) RETURNING 1`,
      [String(recordsMillis)]
    )
    if (deleted.length < CHUNK) return
  }
})
