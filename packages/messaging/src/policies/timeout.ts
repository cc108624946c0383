import { Data, Duration, Effect } from "effect"

/** The attempt was interrupted after its budget: what it did outside, nobody here knows. */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{ readonly message: string }> {}

/** Interrupts an attempt that takes longer than the budget. */
export const within =
  (budget: Duration.Input) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | OutcomeUnknown, R> =>
    Effect.timeoutOrElse(effect, {
      duration: budget,
      orElse: () =>
        Effect.fail(
          new OutcomeUnknown({
            message: `not done within ${Duration.toMillis(Duration.fromInputUnsafe(budget))} ms, outcome unknown`
          })
        )
    })
