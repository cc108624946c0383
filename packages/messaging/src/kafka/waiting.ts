import { Duration, Effect } from "effect"

const FIRST = Duration.seconds(1)
const LONGEST = Duration.seconds(5)

/** Says once what a consumer waits for that Kafka does not take in, and has it wait ever longer. */
export const makeWaiting = () => {
  let said: string | undefined
  let wait = FIRST
  return {
    notTaken: (reason: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        if (reason !== said) yield* Effect.logWarning(`waiting for Kafka: ${reason}`)
        said = reason
        yield* Effect.sleep(wait)
        wait = Duration.min(Duration.times(wait, 2), LONGEST)
      }),
    taken: Effect.suspend((): Effect.Effect<void> => {
      const waited = said !== undefined
      said = undefined
      wait = FIRST
      return waited ? Effect.logInfo("Kafka: there") : Effect.void
    })
  }
}
