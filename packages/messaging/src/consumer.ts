import type { NonEmptyReadonlyArray } from "effect/Array"
import { type Duration, type Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import type { Broker } from "./broker.ts"
import type { Delivery } from "./delivery.ts"
import type { Topic } from "./topic.ts"

/** How deliveries of one topic are retried. Durations are of the clock; attempts count every execution of the handler. */
export interface DeliveryPolicy {
  /** Executions in place, one after another, before an event is parked. */
  readonly immediateAttempts: number
  /** How long one call or one transaction may take before the event is parked with an unknown outcome. */
  readonly inlineBudget: Duration.Input
  /** Executions altogether; after the last one the event is a dead letter. */
  readonly maxAttempts: number
  /** Parked retries wait a random time up to min(`cap`, `base` × 2^n). */
  readonly backoff: { readonly base: Duration.Input; readonly cap: Duration.Input }
}

/** One topic of a consumer with its handler; made by {@link inDatabase} or {@link calling}. */
export interface Entry<R> {
  readonly topic: Topic.Any
  readonly policy: DeliveryPolicy
  readonly concurrency: number
  /** Its own transaction, committed before any call is made; one plan for each delivery. */
  readonly prepare:
    | ((deliveries: NonEmptyReadonlyArray<Delivery<any>>) => Effect.Effect<ReadonlyArray<any>, any, R>)
    | undefined
  /** Outside any transaction, once for each delivery. */
  readonly call: ((delivery: Delivery<any>, plan: any) => Effect.Effect<any, any, R>) | undefined
  /** In the transaction that also writes the delivery record. */
  readonly record: (
    results: NonEmptyReadonlyArray<{ readonly delivery: Delivery<any>; readonly result: any }>
  ) => Effect.Effect<void, any, R>
}

/** A handler whose whole effect is in the database: set-based, in the transaction that writes the delivery record. */
export declare const inDatabase: <T extends Topic.Any, E, R>(
  topic: T,
  options: {
    readonly handle: (deliveries: NonEmptyReadonlyArray<Delivery<Topic.Event<T>>>) => Effect.Effect<void, E, R>
    readonly policy?: Partial<DeliveryPolicy>
  }
) => Entry<R>

/**
 * A handler with an effect outside: `prepare` records the intent (commits), `call` runs once per delivery with bounded
 * concurrency, `record` keeps the results together with the delivery record. After a crash `call` is made again.
 */
export declare const calling: <T extends Topic.Any, Plan, A, E1, R1, E2, R2, E3, R3>(
  topic: T,
  options: {
    readonly prepare: (
      deliveries: NonEmptyReadonlyArray<Delivery<Topic.Event<T>>>
    ) => Effect.Effect<ReadonlyArray<Plan>, E1, R1>
    readonly call: (delivery: Delivery<Topic.Event<T>>, plan: Plan) => Effect.Effect<A, E2, R2>
    readonly record: (
      results: NonEmptyReadonlyArray<{ readonly delivery: Delivery<Topic.Event<T>>; readonly result: A }>
    ) => Effect.Effect<void, E3, R3>
    /** Calls under way at once. */
    readonly concurrency: number
    readonly policy?: Partial<DeliveryPolicy>
  }
) => Entry<R1 | R2 | R3>

/**
 * A member of the consumer group, reading all of the group's topics for as long as the Layer lives, with its
 * parked-retry worker.
 */
export declare const layer: <R>(options: {
  readonly group: string
  readonly entries: ReadonlyArray<Entry<R>>
  readonly maxBatch?: number
  readonly linger?: Duration.Input
}) => Layer.Layer<never, never, R | Broker | SqlClient.SqlClient>
