import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Handle } from "../consumer/entry.ts"
import type { Delivery } from "../delivery.ts"
import { appendBehind } from "../parked/park.ts"

/**
 * The inbox: the handler sees only what its group has no record of, in one transaction with the record. A delivery that
 * comes again is skipped, and one whose key is held back is put behind what waits there.
 */
export const inbox =
  (group: string, topic: string) =>
  <R>(handle: Handle<R>): Handle<R | SqlClient.SqlClient> =>
  (results) =>
    SqlClient.SqlClient.use((sql) =>
      sql.withTransaction(
        Effect.gen(function* () {
          const claimed = new Set(
            yield* claim(
              group,
              topic,
              results.map(({ delivery }) => delivery)
            )
          )
          const fresh = results.filter(({ delivery }) => claimed.has(delivery))
          if (fresh.length > 0) yield* Effect.suspend(() => handle(fresh as never))
        })
      )
    )

/** Writes the record of the deliveries that have none: `done` for those that are returned, `parked` for those held back. */
const claim = Effect.fnUntraced(function* (group: string, topic: string, deliveries: ReadonlyArray<Delivery<any>>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ event_id: string; outcome: string }>(
    `WITH incoming AS (SELECT * FROM unnest($3::uuid[], $4::text[]) AS t (event_id, key)),
     held AS MATERIALIZED (
       SELECT key FROM parked_keys
       WHERE consumer_group = $1 AND topic = $2 AND key = ANY($4::text[]) ORDER BY key FOR UPDATE)
     INSERT INTO processed_events (consumer_group, event_id, outcome)
     SELECT $1, event_id, CASE WHEN key IN (SELECT key FROM held) THEN 'parked' ELSE 'done' END
     FROM incoming ORDER BY event_id
     ON CONFLICT DO NOTHING RETURNING event_id, outcome`,
    [group, topic, deliveries.map(({ eventId }) => eventId), deliveries.map(({ key }) => key)]
  )
  if (rows.length === 0) return []
  const outcomes = new Map(rows.map((row) => [row.event_id, row.outcome]))
  const behind = deliveries.filter(({ eventId }) => outcomes.get(eventId) === "parked")
  if (behind.length > 0) yield* appendBehind(group, behind)
  return deliveries.filter(({ eventId }) => outcomes.get(eventId) === "done")
})

/** Which of these the group has no record of, and whether their key is held back: a look before calling the outside. */
export const unclaimed = Effect.fnUntraced(function* (
  group: string,
  topic: string,
  deliveries: ReadonlyArray<Delivery<any>>
) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ event_id: string; held: boolean }>(
    // `= ANY`: by their keys alone, a plan made while the tables were small would read all that is there of the group.
    `SELECT t.event_id, k.key IS NOT NULL AS held FROM unnest($3::uuid[], $4::text[]) AS t (event_id, key)
     LEFT JOIN parked_keys k
       ON k.consumer_group = $1 AND k.topic = $2 AND k.key = t.key AND k.key = ANY($4::text[])
     WHERE NOT EXISTS (
       SELECT FROM processed_events p
       WHERE p.consumer_group = $1 AND p.event_id = t.event_id AND p.event_id = ANY($3::uuid[]))`,
    [group, topic, deliveries.map(({ eventId }) => eventId), deliveries.map(({ key }) => key)]
  )
  const held = new Map(rows.map((row) => [row.event_id, row.held]))
  return {
    fresh: deliveries.filter(({ eventId }) => held.get(eventId) === false),
    held: deliveries.filter(({ eventId }) => held.get(eventId) === true)
  }
})
