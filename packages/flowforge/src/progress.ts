import { Broker, monotonicMillis, type SubscribeOptions, type Subscription } from "@flowforge/messaging"
import { Clock, Context, Data, Duration, Effect, Layer, type Scope } from "effect"

/** The consumer stands still though there is something to do: only a new process helps. */
export class StandsStill extends Data.TaggedError("StandsStill")<{ readonly message: string }> {}

/** Every handler has a time limit of seconds, so a batch in hand for longer than this never ends. */
const LONGEST_BATCH = Duration.toMillis("60 seconds")

/** This process in one of its groups. */
export interface Membership {
  readonly group: string
  readonly topics: ReadonlyArray<string>
  readonly subscription: Subscription
}

/** Whether what this process fetches is also handled. */
export class Progress extends Context.Service<
  Progress,
  {
    /** Fails while a batch does not end, or none begins though records wait. Being paused, or having nothing to do, is fine. */
    readonly check: Effect.Effect<void, StandsStill>
    /** The groups that this process is in now. */
    readonly groups: Effect.Effect<ReadonlyArray<Membership>>
  }
>()("@flowforge/flowforge/Progress") {
  /** Watches the broker that it wraps. */
  static readonly layer: Layer.Layer<Progress | Broker, never, Broker> = Layer.effectContext(
    Effect.gen(function* () {
      const broker = yield* Broker
      const clock = yield* Clock.Clock
      const inHand = new Map<object, { readonly topic: string; readonly since: number }>()
      const memberships = new Set<Membership>()
      const now = () => monotonicMillis(clock)
      const watch = (options: SubscribeOptions): SubscribeOptions => ({
        ...options,
        handle: (records) =>
          Effect.suspend(() => {
            inHand.set(records, { topic: records[0].topic, since: now() })
            return Effect.ensuring(
              options.handle(records),
              Effect.sync(() => inHand.delete(records))
            )
          })
      })
      const subscribe = (options: SubscribeOptions): Effect.Effect<Subscription, never, Scope.Scope> =>
        Effect.gen(function* () {
          const subscription = yield* broker.subscribe(watch(options))
          const membership = { group: options.group, topics: options.topics.map(({ name }) => name), subscription }
          yield* Effect.acquireRelease(
            Effect.sync(() => memberships.add(membership)),
            () => Effect.sync(() => memberships.delete(membership))
          )
          return subscription
        })
      const check = Effect.gen(function* () {
        const stuck = [...inHand.values()].find(({ since }) => now() - since > LONGEST_BATCH)
        if (stuck !== undefined) return yield* new StandsStill({ message: `a batch of ${stuck.topic} does not end` })
        for (const { group, subscription } of memberships) {
          if ((yield* subscription.state) !== "stalled") continue
          return yield* new StandsStill({ message: `records wait for the group ${group}, and none is handled` })
        }
      })
      return Context.make(Broker, Broker.of({ ...broker, subscribe })).pipe(
        Context.add(Progress, Progress.of({ check, groups: Effect.sync(() => [...memberships]) }))
      )
    })
  )
}
