import type { Duration, Schema } from "effect"

/** What messaging needs to know of an event: its identity (a UUID v7, kept through every redelivery), type and time (ISO 8601). */
export interface AnyEvent {
  readonly event_id: string
  readonly event_type: string
  readonly timestamp: string
}

/**
 * A typed topic: a plain value. Events with the same `key` keep their order; `partitions` never grows under running
 * keys; dead letters of it go to `deadLetterTopic`.
 */
export interface Topic<Name extends string, E extends AnyEvent> {
  readonly name: Name
  readonly schema: Schema.Codec<E, any>
  readonly key: (event: E) => string
  readonly partitions: number
  readonly retention: Duration.Duration
  readonly deadLetterTopic: string
}

export declare namespace Topic {
  /** Any topic, whatever its events. */
  type Any = Topic<string, any>
  /** The event type of a topic. */
  type Event<T> = T extends Topic<string, infer E> ? E : never
}
