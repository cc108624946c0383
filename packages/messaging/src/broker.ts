import type { NonEmptyReadonlyArray } from "effect/Array"
import { Context, type Duration, type Effect, type Scope } from "effect"
import type { IncomingRecord } from "./delivery.ts"
import type { PublishFailed } from "./errors.ts"
import type { Message } from "./message.ts"
import type { Topic } from "./topic.ts"

/** How a group reads its topics. Every member of a group gives the same topics. */
export interface SubscribeOptions {
  readonly group: string
  readonly topics: ReadonlyArray<Topic.Any>
  /** The most records in one batch. */
  readonly maxBatch: number
  /** How long to gather more records into a batch that is not full: milliseconds. */
  readonly linger: Duration.Duration
  /**
   * Takes a batch: records of one topic, in order within each partition. Success acknowledges the batch; any other exit
   * leaves it unacknowledged, and it is delivered again after a backoff. Batches that share a partition never overlap.
   */
  readonly handle: (records: NonEmptyReadonlyArray<IncomingRecord>) => Effect.Effect<void>
}

/** A member of a group at work, until its scope closes; closing finishes the batch in hand and leaves the group. */
export interface Subscription {
  /** Stops fetching; what is in hand is finished. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
  /** `stalled`: records wait, and for a long time none was handled. Until one is. */
  readonly state: Effect.Effect<"running" | "paused" | "stalled">
  /** Records not yet acknowledged by the group, for each topic. */
  readonly lag: Effect.Effect<ReadonlyMap<string, number>>
  /** How many members the group has. While the broker does not answer: had. */
  readonly members: Effect.Effect<number>
  /** How long the oldest record has waited at least that the group has not acknowledged: milliseconds, 0 where none waits. */
  readonly waiting: Effect.Effect<number>
}

/**
 * What carries messages: at least once, in order for each (topic, partition), to one member of each group.
 * Adapters: `@flowforge/messaging/kafka`, `/postgres`, `/memory`; one conformance suite holds for all of them.
 */
export class Broker extends Context.Service<
  Broker,
  {
    /** Takes all of the messages, durably and in order for each key, or fails: then any part of them may have been taken. */
    readonly publish: (messages: ReadonlyArray<Message>) => Effect.Effect<void, PublishFailed>
    readonly subscribe: (options: SubscribeOptions) => Effect.Effect<Subscription, never, Scope.Scope>
    /** Changes when the broker has lost its data. */
    readonly clusterId: Effect.Effect<string, PublishFailed>
  }
>()("@flowforge/messaging/Broker") {}
