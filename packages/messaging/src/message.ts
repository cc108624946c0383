import { Schema } from "effect"
import { partitionOf } from "./partition.ts"
import type { AnyEvent, Topic } from "./topic.ts"

/** Metadata of a message. CloudEvents binary mode (`ce_id`, `ce_type`, …) plus `traceparent`; always strings. */
export type Headers = Readonly<Record<string, string>>

/** An event in its envelope, encoded and ready to travel. `partition` is computed with Kafka's own hash of the key. */
export interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly eventId: string
  readonly value: Uint8Array
  readonly headers: Headers
}

/** What made a message: the delivery being handled, or the request. Its trace goes on in the message. */
export interface Cause {
  readonly eventId?: string | undefined
  readonly traceparent?: string | undefined
}

const encoders = new WeakMap<object, (event: any) => unknown>()
const encoderOf = (topic: Topic.Any): ((event: any) => unknown) => {
  let encoder = encoders.get(topic)
  if (encoder === undefined) {
    encoder = Schema.encodeSync(topic.schema)
    encoders.set(topic, encoder)
  }
  return encoder
}

/** Puts an event in its envelope. Throws when the event does not fit the topic's schema: that is a defect of the caller. */
export const message = <T extends Topic.Any>(topic: T, event: Topic.Event<T> & AnyEvent, cause?: Cause): Message => {
  const key = topic.key(event)
  const headers: Record<string, string> = {
    ce_specversion: "1.0",
    ce_id: event.event_id,
    ce_type: event.event_type,
    ce_time: event.timestamp,
    ce_subject: key
  }
  if (cause?.eventId !== undefined) headers["causationid"] = cause.eventId
  if (cause?.traceparent !== undefined) headers["traceparent"] = cause.traceparent
  return {
    topic: topic.name,
    partition: partitionOf(key, topic.partitions),
    key,
    eventId: event.event_id,
    value: Buffer.from(JSON.stringify(encoderOf(topic)(event))),
    headers
  }
}
