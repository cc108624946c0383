import { Data, Duration, Effect, Fiber } from "effect"
import { deadlines } from "./deadlines.ts"

/** The attempt was cut off after its budget: what it did outside, nobody here knows. */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{ readonly message: string }> {}

/** PostgreSQL has ended its transaction by then. */
const GRACE = Duration.seconds(5)

/** Until the fiber has ended or its time is over. */
const endOf = (fiber: Fiber.Fiber<unknown, unknown>, budget: Duration.Duration): Effect.Effect<void> =>
  Effect.flatMap(deadlines, (set) =>
    Effect.callback<void>((resume) => {
      const giveUp = set(budget, () => resume(Effect.void))
      const forget = fiber.addObserver(() => {
        giveUp()
        resume(Effect.void)
      })
      return Effect.sync(() => {
        forget()
        giveUp()
      })
    })
  )

/**
 * Cuts off an attempt that takes longer than its budget: interrupts it and waits for its end, so that it does not go on
 * beside the next one. An attempt that cannot be interrupted is left behind after five seconds more.
 */
export const within = (budget: Duration.Input) => {
  const time = Duration.fromInputUnsafe(budget)
  return <A, E, R>(attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E | OutcomeUnknown, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkDetach(attempt, { startImmediately: true })
        const end = Effect.timeoutOption(Fiber.interrupt(fiber), GRACE)
        yield* restore(endOf(fiber, time)).pipe(Effect.onInterrupt(() => end))
        const inTime = fiber.pollUnsafe()
        if (inTime !== undefined) return yield* inTime
        yield* end
        return yield* new OutcomeUnknown({ message: `not done within ${Duration.toMillis(time)} ms, outcome unknown` })
      })
    )
}
