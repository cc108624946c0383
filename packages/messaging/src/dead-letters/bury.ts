import { Effect, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import type { IncomingRecord } from "../delivery.ts"
import { partitionOf } from "../partition.ts"
import type { Topic } from "../topic.ts"

/** A record that a group gives up, with the reason. */
export interface Burial {
  readonly record: IncomingRecord
  /** Undefined for what could not be decoded: its place is its identity then. */
  readonly eventId: string | undefined
  readonly kind: string
  readonly error: string
  readonly attempts: number
}

const buried = Metric.counter("flowforge_dead_letters_total", {
  description: "Records that a consumer group gave up",
  incremental: true
})
const utf8 = new TextEncoder()

/**
 * Keeps a dead letter for people, and leaves it for the topic's dead-letter topic in the outbox: original key, value and
 * headers, with the story in headers of its own. In the caller's transaction, which also writes the delivery record.
 */
export const bury = Effect.fnUntraced(function* (group: string, topic: Topic.Any, burial: Burial) {
  const sql = yield* SqlClient.SqlClient
  const { record } = burial
  const rows = yield* sql.unsafe<{ id: string }>(
    `INSERT INTO dead_letters (id, consumer_group, topic, partition, broker_offset, key, event_id, value, headers,
       error_kind, error, attempts)
     VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::uuid, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
    [
      v7(),
      group,
      record.topic,
      record.partition,
      record.offset,
      record.key,
      burial.eventId ?? null,
      record.value,
      utf8.encode(JSON.stringify(record.headers)),
      burial.kind,
      burial.error,
      burial.attempts
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
    "flowforge-dead-letter-attempts": String(burial.attempts)
  }
  yield* sql.unsafe(
    `INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
     VALUES ($1, $2, $3, $4, $5::uuid, $6, $7)`,
    [
      group,
      topic.deadLetterTopic,
      partitionOf(record.key ?? "", topic.partitions),
      record.key ?? "",
      burial.eventId ?? letter.id,
      record.value ?? new Uint8Array(),
      utf8.encode(JSON.stringify({ ...record.headers, ...story }))
    ]
  )
  yield* Metric.update(Metric.withAttributes(buried, { group, topic: record.topic, kind: burial.kind }), 1)
})
