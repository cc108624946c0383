import { Wakeups } from "@flowforge/messaging"
import { Context, Effect, Layer, PubSub, type Scope } from "effect"

/** No topic has this name: the readers of topics let it pass. */
const OWED = "payments.owed"

/**
 * Wakes the settlements as soon as something is owed to the gateway, in whatever process they run. A hint only: polling
 * is the truth.
 */
export class SettlementBell extends Context.Service<
  SettlementBell,
  {
    readonly ring: Effect.Effect<void>
    /** From now on every ring is heard; answers what waits for the next one. */
    readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
  }
>()("@flowforge/payment/SettlementBell") {
  static readonly layer: Layer.Layer<SettlementBell, never, Wakeups> = Layer.effect(
    SettlementBell,
    Effect.map(Wakeups, (wakeups) => {
      const rung = Effect.fnUntraced(function* (rings: PubSub.Subscription<ReadonlySet<string>>) {
        while (true) {
          const piled = yield* PubSub.takeAll(rings)
          if (piled.some((names) => names.has(OWED))) return
        }
      })
      return SettlementBell.of({
        ring: wakeups.notify(new Set([OWED])),
        listen: Effect.map(wakeups.subscribe, rung)
      })
    })
  )
}
