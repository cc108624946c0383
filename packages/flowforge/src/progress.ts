import { Broker, type Subscription } from "@flowforge/messaging"
import { Clock, Context, Data, Duration, Effect, Layer } from "effect"

/** The consumer stands still though there is something to do: only a new process helps. */
export class StandsStill extends Data.TaggedError("StandsStill")<{ readonly message: string }> {}

/** Every handler has a time limit of seconds, so a batch in hand for longer than this never ends. */
const LONGEST_BATCH = Duration.toMillis("60 seconds")

/** Whether what this process fetches is also handled. */
export class Progress extends Context.Service<
  Progress,
  {
    /** Fails while a batch does not end. Being paused, or having nothing to do, is fine. */
    readonly check: Effect.Effect<void, StandsStill>
  }
>()("@flowforge/flowforge/Progress") {
  /** Watches the broker that it wraps. */
  static readonly layer: Layer.Layer<Progress | Broker, never, Broker> = Layer.effectContext(
    Effect.gen(function* () {
      const broker = yield* Broker
      const clock = yield* Clock.Clock
      const inHand = new Map<object, { readonly topic: string; readonly since: number }>()
      const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
      return Context.make(
        Broker,
        Broker.of({
          ...broker,
          subscribe: (options): Effect.Effect<Subscription, never, any> =>
            broker.subscribe({
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
        })
      ).pipe(
        Context.add(
          Progress,
          Progress.of({
            check: Effect.suspend(() => {
              const stuck = [...inHand.values()].find(({ since }) => now() - since > LONGEST_BATCH)
              return stuck === undefined
                ? Effect.void
                : Effect.fail(new StandsStill({ message: `a batch of ${stuck.topic} does not end` }))
            })
          })
        )
      )
    })
  )
}
