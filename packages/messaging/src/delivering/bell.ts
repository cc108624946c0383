import { Effect, Latch } from "effect"

/** Something a fiber sleeps by: rung, it wakes at once; a ring before the sleep is not lost. */
export interface Bell {
  readonly ring: () => void
  /** Until it is rung, or that many milliseconds at most. */
  readonly wait: (millis: number) => Effect.Effect<void>
}

export const makeBell = (): Bell => {
  const latch = Latch.makeUnsafe(false)
  const rung = Effect.andThen(
    latch.await,
    Effect.sync(() => void latch.closeUnsafe())
  )
  return {
    ring: () => void latch.openUnsafe(),
    wait: (millis) => {
      if (millis <= 0) return Effect.sync(() => void latch.closeUnsafe())
      return millis === Infinity ? rung : Effect.asVoid(Effect.timeoutOption(rung, millis))
    }
  }
}
