import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { reach } from "../crash-points.ts"
import type { Subscriptions } from "../subscriptions.ts"
import { pairsOf } from "../subscriptions.ts"
import { publishAll } from "./publish.ts"
import { BEGINNING, COLUMNS, type Position, type RawRow, toRow } from "./rows.ts"

/** Rows looked at in one statement: a bound, since no transaction may live long and most rows have been handled. */
const WINDOW = 2_000

/**
 * After the broker has lost its data: publishes once more those rows up to the cursor that some subscribed group has no
 * delivery record for, oldest first. Answers how many. What a group has handled meanwhile, its delivery record skips.
 */
export const republish = Effect.fnUntraced(function* (source: string, upTo: Position, subscriptions: Subscriptions) {
  const sql = yield* SqlClient.SqlClient
  const { groups, topics } = pairsOf(subscriptions)
  let position: Position = BEGINNING
  let published = 0
  while (true) {
    const rows = yield* sql.unsafe<RawRow & { readonly is_lacking: boolean }>(
      `SELECT ${COLUMNS},
              EXISTS (SELECT FROM unnest($8::text[], $9::text[]) AS subscribed (consumer_group, topic)
                       WHERE subscribed.topic = o.topic AND NOT EXISTS (
                         SELECT FROM processed_events p
                          WHERE p.consumer_group = subscribed.consumer_group AND p.event_id = o.event_id)) AS is_lacking
         FROM outbox_after($1, $2::int, $3::xid8, $4::bigint, ${WINDOW}) AS o
        WHERE (o.epoch, o.xid, o.id) <= ($5::int, $6::xid8, $7::bigint)`,
      [source, position.epoch, position.xid, position.id, upTo.epoch, upTo.xid, upTo.id, groups, topics]
    )
    const last = rows.at(-1)
    if (last === undefined) return published
    const lacking = rows.filter((row) => row.is_lacking).map((row) => toRow(source, row).message)
    // What was refused before is in quarantine already.
    if (lacking.length > 0) {
      yield* publishAll(lacking)
      yield* reach("relay.republished")
    }
    published += lacking.length
    position = toRow(source, last).position
  }
})
