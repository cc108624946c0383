import { Effect, Metric } from "effect"
import { SqlClient } from "effect/sql"
import type { Delivery } from "../delivery.ts"

const parkedCount = Metric.counter("flowforge_parked_total", {
  description: "Deliveries parked for a later attempt",
  incremental: true
})

const INSERT = `INSERT INTO parked_events
    (consumer_group, topic, key, event_id, partition, broker_offset, value, headers, attempts, error)
  SELECT $1, topic, key, event_id, partition, broker_offset, value, headers, $8::int, $9 FROM unnest(
    $2::text[], $3::text[], $4::uuid[], $5::int[], $6::text[], $7::bytea[], $10::bytea[])
    WITH ORDINALITY AS t (topic, key, event_id, partition, broker_offset, value, headers, n) ORDER BY n`

const insert = (group: string, deliveries: ReadonlyArray<Delivery<any>>, attempts: number, error: string | null) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(INSERT, [
      group,
      deliveries.map(({ topic }) => topic),
      deliveries.map(({ key }) => key),
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ partition }) => partition),
      deliveries.map(({ offset }) => offset),
      deliveries.map(({ record }) => record.value ?? new Uint8Array()),
      attempts,
      error,
      deliveries.map(({ record }) => Buffer.from(JSON.stringify(record.headers)))
    ])
  )

/** Puts deliveries behind what waits for their keys, whose rows the caller has locked. They have not been tried yet. */
export const appendBehind = (group: string, deliveries: ReadonlyArray<Delivery<any>>) =>
  insert(group, deliveries, 0, null)

/**
 * Parks a delivery that failed: its record, its key's row with the time of the next attempt, and itself. Answers false
 * when the group has a record of it already. In a transaction of its own.
 */
export const park = Effect.fnUntraced(function* (
  group: string,
  delivery: Delivery<any>,
  failed: { readonly attempts: number; readonly error: string; readonly delayMillis: number }
) {
  const sql = yield* SqlClient.SqlClient
  const isNew = yield* sql.withTransaction(
    Effect.gen(function* () {
      // The key's row is locked first, always.
      yield* sql.unsafe(
        `INSERT INTO parked_keys (consumer_group, topic, key, next_attempt_at)
         VALUES ($1, $2, $3, now() + $4::int * interval '1 ms')
         ON CONFLICT (consumer_group, topic, key) DO UPDATE SET next_attempt_at = parked_keys.next_attempt_at`,
        [group, delivery.topic, delivery.key, failed.delayMillis]
      )
      const rows = yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, 'parked')
         ON CONFLICT DO NOTHING RETURNING event_id`,
        [group, delivery.eventId]
      )
      if (rows.length > 0) yield* insert(group, [delivery], failed.attempts, failed.error)
      else yield* letGo(group, delivery)
      return rows.length > 0
    })
  )
  if (isNew) yield* Metric.update(Metric.withAttributes(parkedCount, { group, topic: delivery.topic }), 1)
})

/** Lets the delivery's key go, whose row is locked, when nobody waits behind it. */
const letGo = (group: string, { topic, key }: Delivery<any>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(
      `DELETE FROM parked_keys k WHERE consumer_group = $1 AND topic = $2 AND key = $3 AND NOT EXISTS
         (SELECT FROM parked_events e WHERE (e.consumer_group, e.topic, e.key) = (k.consumer_group, k.topic, k.key))`,
      [group, topic, key]
    )
  )
