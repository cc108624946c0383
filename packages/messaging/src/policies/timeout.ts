import { Data, Duration, Effect, Fiber } from "effect"

/** The attempt was cut off after its budget: what it did outside, nobody here knows. */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{ readonly message: string }> {}

/** PostgreSQL has ended its transaction by then. */
const GRACE = Duration.seconds(5)

/**
 * Cuts off an attempt that takes longer than its budget: interrupts it and waits for its end, so that it does not go on
 * beside the next one. An attempt that cannot be interrupted is left behind after five seconds more.
 */
export const within =
  (budget: Duration.Input) =>
  <A, E, R>(attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E | OutcomeUnknown, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkDetach(attempt, { startImmediately: true })
        const end = Effect.timeoutOption(Fiber.interrupt(fiber), GRACE)
        yield* restore(Effect.timeoutOption(Fiber.await(fiber), budget)).pipe(Effect.onInterrupt(() => end))
        const inTime = fiber.pollUnsafe()
        if (inTime !== undefined) return yield* inTime
        yield* end
        const millis = Duration.toMillis(Duration.fromInputUnsafe(budget))
        return yield* new OutcomeUnknown({ message: `not done within ${millis} ms, outcome unknown` })
      })
    )
