import { Duration, Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { Delivery } from "../delivery.ts"
import { type DeliveryPolicy, defaultPolicy } from "../policies/policy.ts"
import type { Topic } from "../topic.ts"

/** A delivery with what its call answered. */
export interface Called<E, A> {
  readonly delivery: Delivery<E>
  readonly result: A
}

/** What a policy makes stricter: carries out deliveries together, all or none. */
export type Handle<R> = (results: NonEmptyReadonlyArray<Called<any, any>>) => Effect.Effect<void, unknown, R>

/** One topic of a consumer with its handler; made by {@link inDatabase} or {@link calling}. */
export interface Entry<R> {
  readonly topic: Topic.Any
  readonly policy: DeliveryPolicy
  readonly concurrency: number
  /** In no transaction but its own: committed before any call is made. One plan for each delivery. */
  readonly prepare: (
    deliveries: NonEmptyReadonlyArray<Delivery<any>>
  ) => Effect.Effect<ReadonlyArray<unknown>, unknown, R>
  /** Outside any transaction, once for each delivery; undefined when the whole effect is in the database. */
  readonly call: ((delivery: Delivery<any>, plan: any) => Effect.Effect<unknown, unknown, R>) | undefined
  /** Told of prepared deliveries whose call was certainly never begun. */
  readonly dropped: (deliveries: NonEmptyReadonlyArray<Delivery<any>>) => Effect.Effect<void, unknown, R>
  /** Whether the dependency left a call that came to this result without an answer. */
  readonly isSilence: (result: any) => boolean
  /** In the transaction that also writes the delivery record. */
  readonly record: Handle<R>
}

/**
 * What is slow in the database is slow for everybody, and to park an event is work for the database too: so there is more
 * patience than with a call.
 */
const IN_DATABASE: Partial<DeliveryPolicy> = { inlineBudget: Duration.seconds(1) }

/** A handler whose whole effect is in the database: set-based, in the transaction that writes the delivery record. */
export const inDatabase = <T extends Topic.Any, E, R>(
  topic: T,
  options: {
    readonly handle: (deliveries: NonEmptyReadonlyArray<Delivery<Topic.Event<T>>>) => Effect.Effect<void, E, R>
    readonly policy?: Partial<DeliveryPolicy>
  }
): Entry<R> => ({
  topic,
  policy: { ...defaultPolicy, ...IN_DATABASE, ...options.policy },
  concurrency: 1,
  prepare: () => Effect.succeed([]),
  call: undefined,
  dropped: () => Effect.void,
  isSilence: () => false,
  record: (results) => options.handle(results.map(({ delivery }) => delivery) as never)
})

/**
 * A handler with an effect outside: `prepare` records the intent and commits it, in one statement or in a transaction of
 * its own, `call` runs once per delivery with bounded concurrency, `record` keeps the results together with the delivery
 * record. After a crash `call` is made again.
 */
export const calling = <T extends Topic.Any, Plan, A, E1, R1, E2, R2, E3, R3, E4 = never, R4 = never>(
  topic: T,
  options: {
    readonly prepare: (
      deliveries: NonEmptyReadonlyArray<Delivery<Topic.Event<T>>>
    ) => Effect.Effect<ReadonlyArray<Plan>, E1, R1>
    readonly call: (delivery: Delivery<Topic.Event<T>>, plan: Plan) => Effect.Effect<A, E2, R2>
    readonly record: (results: NonEmptyReadonlyArray<Called<Topic.Event<T>, A>>) => Effect.Effect<void, E3, R3>
    /**
     * Told once of deliveries that were prepared and whose call was certainly never begun, because the circuit opened or
     * the member stops; should it fail, or the process die before, nobody is told again.
     */
    readonly dropped?: (deliveries: NonEmptyReadonlyArray<Delivery<Topic.Event<T>>>) => Effect.Effect<void, E4, R4>
    /**
     * Of a call that must not be made twice, silence is a result: it is recorded, and nobody asks again. The circuit counts
     * it all the same as a failure, or a dependency that is down would be told of everybody once, and nobody of anything.
     */
    readonly isSilence?: (result: A) => boolean
    /** Calls under way at once. */
    readonly concurrency: number
    readonly policy?: Partial<DeliveryPolicy>
  }
): Entry<R1 | R2 | R3 | R4> => ({
  topic,
  policy: { ...defaultPolicy, ...options.policy },
  concurrency: options.concurrency,
  prepare: options.prepare,
  call: options.call,
  dropped: options.dropped ?? (() => Effect.void),
  isSilence: options.isSilence ?? (() => false),
  record: options.record
})
