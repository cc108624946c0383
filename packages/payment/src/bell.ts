import { Context, Effect, Latch, Layer } from "effect"

/** Wakes the settlement worker as soon as something is owed to the gateway, within the process. Polling is the truth. */
export class SettlementBell extends Context.Service<
  SettlementBell,
  {
    readonly ring: Effect.Effect<void>
    /** Waits for the next ring. */
    readonly rung: Effect.Effect<void>
  }
>()("@flowforge/payment/SettlementBell") {
  static readonly layer: Layer.Layer<SettlementBell> = Layer.effect(
    SettlementBell,
    Effect.map(Latch.make(false), (latch) =>
      SettlementBell.of({
        ring: Effect.asVoid(latch.open),
        rung: Effect.andThen(latch.await, latch.close)
      })
    )
  )
}
