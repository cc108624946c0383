import type { Tracer } from "effect"
import type { Headers } from "./message.ts"

/** A record as a broker hands it over, undecoded. `offset` is a position within (topic, partition), opaque to all but its broker. */
export interface IncomingRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string | null
  readonly value: Uint8Array | null
  readonly headers: Headers
}

/**
 * One attempt at handing an event to a consumer group. `attempt` counts from 1 over immediate and parked retries.
 * `traceparent` is the trace to go on with: pass the delivery as the cause of what you append.
 */
export interface Delivery<E> {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string
  readonly eventId: string
  readonly event: E
  readonly attempt: number
  readonly traceparent: string | undefined
  /** The span of this attempt, when it is traced. */
  readonly span?: Tracer.AnySpan
  readonly record: IncomingRecord
}
