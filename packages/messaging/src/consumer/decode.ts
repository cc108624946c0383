import { Result, Schema } from "effect"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import type { AnyEvent, Topic } from "../topic.ts"

/** The header that addresses a replayed or re-sent event to one group; the others acknowledge it unseen. */
export const TARGET_GROUP = "flowforge-target-group"

export interface Undecodable {
  readonly record: IncomingRecord
  readonly reason: string
}

/** Longer keys do not fit the indexes: characters. */
export const MAX_KEY_LENGTH = 500

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u
const utf8 = new TextDecoder("utf-8", { fatal: true })
const decoders = new WeakMap<object, (value: unknown) => Result.Result<AnyEvent, Schema.SchemaError>>()

const decoderOf = (topic: Topic.Any) => {
  let decoder = decoders.get(topic)
  if (decoder === undefined) {
    decoder = Schema.decodeUnknownResult(topic.schema)
    decoders.set(topic, decoder)
  }
  return decoder
}

/**
 * Reads a record as an event of the topic. What the delivery record could not hold is as undecodable as what is no event:
 * else it could be neither handled nor given up. Values are not echoed in the reason: they may hold what no log should.
 */
export const decode = (
  topic: Topic.Any,
  record: IncomingRecord,
  attempt: number
): Result.Result<Delivery<any>, Undecodable> => {
  const refuse = (reason: string) => Result.fail({ record, reason })
  if (record.value === null) return refuse("the value is null")
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(record.value))
  } catch {
    return refuse("the value is not JSON in UTF-8")
  }
  const event = decoderOf(topic)(json)
  if (Result.isFailure(event)) return refuse(`the value is not a ${topic.name}: ${event.failure.message}`)
  // As PostgreSQL writes it: the id is looked up in what comes back from there.
  const eventId = event.success.event_id.toLowerCase()
  if (!UUID.test(eventId)) return refuse("the event_id is not a UUID")
  const key = topic.key(event.success)
  if (key.length > MAX_KEY_LENGTH || key.includes("\u0000")) {
    return refuse(`the key is longer than ${MAX_KEY_LENGTH} characters or holds U+0000`)
  }
  if (record.key !== null && record.key !== key) return refuse("the key is not the event's own")
  return Result.succeed({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key,
    eventId,
    event: event.success,
    attempt,
    traceparent: record.headers["traceparent"],
    record
  })
}
