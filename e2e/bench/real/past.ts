import { subscriptions } from "@flowforge/flowforge"
import { pairsOf } from "@flowforge/messaging"
import { Console, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** What each confirmed order leaves in the outbox: whose it is, and the topic. */
const LEFT = [
  ["order", "order.created"],
  ["payment", "payment.succeeded"],
  ["inventory", "inventory.reserved"],
  ["order", "order.confirmed"],
  ["notification", "notification.sent"]
] as const
/** In one transaction: none may live long. */
const AT_ONCE = 5_000

/** Published and handled long ago, on a system that this database was on before: below every cursor. */
const FILL = `
  WITH past AS (
    INSERT INTO outbox (created_at, epoch, xid, source, topic, partition, key, event_id, value, headers)
    SELECT now() - interval '30 days', 0, '1', source, topic, n % 2, 'past ' || n, uuidv7(interval '-30 days'),
           convert_to(repeat('x', 300), 'UTF8'), '{}'
      FROM generate_series($1::int, $2::int) AS n CROSS JOIN unnest($3::text[], $4::text[]) AS t (source, topic)
    RETURNING topic, event_id)
  INSERT INTO processed_events (consumer_group, event_id, outcome)
  SELECT consumer_group, event_id, 'done'
    FROM past JOIN unnest($5::text[], $6::text[]) AS subscribed (consumer_group, topic) USING (topic)`

/** The messages of so many past orders and their delivery records in the tables, until the scope closes. */
export const fillWithPast = Effect.fnUntraced(function* (orders: number) {
  const sql = yield* SqlClient.SqlClient
  const { groups, topics } = pairsOf(subscriptions)
  yield* Effect.addFinalizer(() => Effect.orDie(sql.unsafe("TRUNCATE outbox_default, processed_events_default")))
  for (let from = 1; from <= orders; from += AT_ONCE) {
    yield* sql.unsafe(FILL, [
      from,
      Math.min(from + AT_ONCE - 1, orders),
      LEFT.map(([source]) => source),
      LEFT.map(([, topic]) => topic),
      groups,
      topics
    ])
  }
  yield* Console.log(`the messages of ${orders} past orders are in the tables`)
})
