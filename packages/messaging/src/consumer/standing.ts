import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** What a group keeps of a topic in PostgreSQL. */
export interface Standing {
  readonly topic: string
  /** Events that wait for their next attempt, or behind one that does. */
  readonly parked: number
  /** Dead letters that nobody has replayed or discarded yet. */
  readonly dead: number
  /** When the oldest of them died: ISO 8601, null where there is none. */
  readonly oldestDead: string | null
}

export const standingOf = Effect.fnUntraced(function* (group: string, topics: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.unsafe<Standing>(
    `SELECT t.topic,
            (SELECT count(*) FROM parked_events p WHERE p.consumer_group = $1 AND p.topic = t.topic)::int AS parked,
            d.count::int AS dead,
            to_char(d.oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "oldestDead"
       FROM unnest($2::text[]) AS t (topic)
      CROSS JOIN LATERAL (SELECT count(*), min(died_at) AS oldest FROM dead_letters d
                           WHERE d.consumer_group = $1 AND d.topic = t.topic AND d.state = 'open') d`,
    [group, topics]
  )
})
