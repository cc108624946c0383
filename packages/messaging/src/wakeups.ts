import { Context, Effect, Layer, PubSub, type Scope } from "effect"

/**
 * Tells whoever waits for messages that there are some, at once within the process. A hint only: polling is the truth,
 * so a lost wake-up costs milliseconds, never a message.
 */
export class Wakeups extends Context.Service<
  Wakeups,
  {
    /** Something was committed for these topics. */
    readonly notify: (topics: ReadonlySet<string>) => Effect.Effect<void>
    /** Yields the topics of each wake-up from now on. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<ReadonlySet<string>>, never, Scope.Scope>
  }
>()("@flowforge/messaging/Wakeups") {
  static readonly layer: Layer.Layer<Wakeups> = Layer.effect(
    Wakeups,
    Effect.gen(function* () {
      const pubsub = yield* PubSub.sliding<ReadonlySet<string>>(64)
      return Wakeups.of({
        notify: (topics) => Effect.asVoid(PubSub.publish(pubsub, topics)),
        subscribe: PubSub.subscribe(pubsub)
      })
    })
  )
}
