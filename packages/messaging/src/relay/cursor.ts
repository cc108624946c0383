import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Message } from "../message.ts"
import { aheadOf, type Position, type ReadRow, selectAfter } from "./rows.ts"

/** How far a source's rows are published, and on which cluster. */
export interface Cursor {
  readonly position: Position
  readonly clusterId: string | null
}

export const loadCursor = Effect.fnUntraced(function* (source: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(`INSERT INTO relay_cursors (source) VALUES ($1) ON CONFLICT DO NOTHING`, [source])
  const rows = yield* sql.unsafe<Position & { readonly cluster_id: string | null }>(
    `SELECT epoch, xid::text AS xid, id::text AS id, cluster_id FROM relay_cursors WHERE source = $1`,
    [source]
  )
  const { epoch, xid, id, cluster_id } = rows[0]!
  return { position: { epoch, xid, id }, clusterId: cluster_id } satisfies Cursor as Cursor
})

const MOVE = `
  UPDATE relay_cursors SET epoch = $2::int, xid = $3::xid8, id = $4::bigint, moved_at = now()
    FROM (SELECT set_config('synchronous_commit', 'off', true) AS mode OFFSET 0) AS setting
   WHERE source = $1 AND setting.mode = 'off' AND (epoch, xid, id) < ($2::int, $3::xid8, $4::bigint)
  RETURNING source`

/**
 * Moves the cursor forward; answers false when it is there or further already, so that a relay that has just lost its
 * lock takes nobody back. The commit is asynchronous: what a crash forgets is published once more.
 */
export const moveCursor = Effect.fnUntraced(function* (source: string, to: Position) {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql.unsafe(MOVE, [source, to.epoch, to.xid, to.id])).length > 0
})

/** Moves the cursor and reads the rows after another place in the same round trip: a relay looks after each batch anyway. */
export const moveAndRead = Effect.fnUntraced(function* (source: string, to: Position, after: Position, limit: number) {
  const sql = yield* SqlClient.SqlClient
  const read = yield* sql.unsafe<{ readonly moved: boolean } & (ReadRow | { readonly settled: null })>(
    `WITH moved AS (${MOVE})
     SELECT EXISTS (SELECT FROM moved) AS moved, ahead.*
       FROM (VALUES (true)) AS always LEFT JOIN (${selectAfter(5)}) AS ahead ON true`,
    [source, to.epoch, to.xid, to.id, after.epoch, after.xid, after.id, limit]
  )
  const rows = read.flatMap((row) => (row.settled === null ? [] : [row]))
  return { moved: read[0]!.moved, ahead: aheadOf(source, rows) }
})

export const storeCluster = Effect.fnUntraced(function* (source: string, clusterId: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(`UPDATE relay_cursors SET cluster_id = $2 WHERE source = $1`, [source, clusterId])
})

/** Keeps what the broker refuses for good, with the reason, for people to look at. */
export const quarantine = Effect.fnUntraced(function* (source: string, message: Message, error: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(
    `INSERT INTO quarantined_messages (source, topic, key, event_id, value, headers, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      source,
      message.topic,
      message.key,
      message.eventId,
      message.value,
      Buffer.from(JSON.stringify(message.headers)),
      error
    ]
  )
})
