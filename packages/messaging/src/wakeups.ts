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

/** Waits for a wake-up that concerns one of the topics (any at all, when undefined); those piled up count as one. */
export const nextWakeup = Effect.fnUntraced(function* (
  wakeups: PubSub.Subscription<ReadonlySet<string>>,
  topics: ReadonlySet<string> | undefined
) {
  while (true) {
    const piled = yield* PubSub.takeAll(wakeups)
    if (topics === undefined || piled.some((woken) => !woken.isDisjointFrom(topics))) return
  }
})
