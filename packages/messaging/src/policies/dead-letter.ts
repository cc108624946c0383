import { Effect, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import { MAX_KEY_LENGTH } from "../consumer/decode.ts"
import { type Original, withOriginal } from "../original.ts"
import { encodeHeaders } from "../outbox-headers.ts"
import { partitionOf } from "../partition.ts"
import type { Topic } from "../topic.ts"
import { type Failure, storable } from "./failure.ts"

/** A key as the tables can hold it. */
const storableKey = (key: string): string => storable(key).slice(0, MAX_KEY_LENGTH)

/** What the columns of the outbox say otherwise than the record did. */
const untold = (record: IncomingRecord, key: string | null): Original => ({
  ...(record.key === null ? { key: null } : {}),
  ...(record.key === key || record.key === null ? {} : { key: Buffer.from(record.key).toString("base64") }),
  ...(record.value === null ? { value: null } : {})
})

/** A record that a group gives up, with the reason. */
export interface Burial {
  readonly record: IncomingRecord
  /** Undefined for what could not be decoded: its place is its identity then, on this cluster. */
  readonly eventId: string | undefined
  readonly clusterId?: string
  readonly kind: Failure["kind"] | "undecodable"
  readonly error: string
  readonly attempts: number
}

const buried = Metric.counter("flowforge_dead_letters_total", {
  description: "Records that a consumer group gave up",
  incremental: true
})

/**
 * Keeps a dead letter for people, and leaves it for the topic's dead-letter topic in the outbox: original key, value and
 * headers, with the story in headers of its own. In the caller's transaction, which also writes the delivery record.
 */
export const bury = Effect.fnUntraced(function* (group: string, topic: Topic.Any, burial: Burial) {
  const sql = yield* SqlClient.SqlClient
  const { record } = burial
  const key = record.key === null ? null : storableKey(record.key)
  const rows = yield* sql.unsafe<{ id: string; time: string }>(
    `INSERT INTO dead_letters (id, consumer_group, topic, partition, broker_offset, key, event_id, value, headers,
       error_kind, error, attempts, cluster_id)
     VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::uuid, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
     RETURNING id, to_char(died_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time`,
    [
      v7(),
      group,
      record.topic,
      record.partition,
      record.offset,
      key,
      burial.eventId ?? null,
      record.value,
      Buffer.from(JSON.stringify(record.headers)),
      burial.kind,
      storable(burial.error),
      burial.attempts,
      burial.clusterId ?? ""
    ]
  )
  const letter = rows[0]
  if (letter === undefined) return
  const story = {
    "flowforge-dead-letter-id": letter.id,
    "flowforge-dead-letter-group": group,
    "flowforge-dead-letter-topic": record.topic,
    "flowforge-dead-letter-partition": String(record.partition),
    "flowforge-dead-letter-offset": record.offset,
    "flowforge-dead-letter-kind": burial.kind,
    "flowforge-dead-letter-error": burial.error,
    "flowforge-dead-letter-attempts": String(burial.attempts),
    "flowforge-dead-letter-time": letter.time
  }
  const columns = {
    source: group,
    topic: topic.deadLetterTopic,
    key: key ?? "",
    event_id: burial.eventId ?? letter.id,
    value: record.value ?? new Uint8Array()
  }
  yield* sql.unsafe(
    `INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
     VALUES ($1, $2, $3, $4, $5::uuid, $6, $7)`,
    [
      columns.source,
      columns.topic,
      partitionOf(columns.key, topic.partitions),
      columns.key,
      columns.event_id,
      columns.value,
      encodeHeaders(columns, { ...withOriginal(record.headers, untold(record, key)), ...story })
    ]
  )
  const count = Metric.withAttributes(buried, { group, topic: record.topic, kind: burial.kind })
  yield* sql.afterCommit(Metric.update(count, 1))
  yield* sql.afterCommit(
    Effect.logWarning("a dead letter: a group gave up an event").pipe(
      Effect.annotateLogs({
        group,
        topic: record.topic,
        key,
        event_id: burial.eventId,
        kind: burial.kind,
        error: burial.error,
        attempts: burial.attempts
      })
    )
  )
})

/** Gives up a delivery that has no delivery record yet, with one: `dead`. In a transaction of its own. */
export const giveUp = Effect.fnUntraced(function* (
  group: string,
  topic: Topic.Any,
  delivery: Delivery<any>,
  failed: { readonly failure: Failure; readonly attempts: number }
) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.gen(function* () {
      const rows = yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, 'dead')
         ON CONFLICT DO NOTHING RETURNING event_id`,
        [group, delivery.eventId]
      )
      if (rows.length === 0) return
      yield* bury(group, topic, {
        record: delivery.record,
        eventId: delivery.eventId,
        kind: failed.failure.kind,
        error: failed.failure.text,
        attempts: failed.attempts
      })
    })
  )
})
