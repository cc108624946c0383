import { Effect, Schedule } from "effect"

/** Looks every 10 ms until what it sees satisfies the condition, then dies with what it saw last. */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  isSo: (seen: A) => boolean,
  looks = 1_000
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let last: A | undefined
    return Effect.flatMap(look, (seen) => {
      last = seen
      return isSo(seen) ? Effect.succeed(seen) : Effect.fail("not yet" as const)
    }).pipe(
      Effect.retry({ while: (error) => error === "not yet", schedule: Schedule.spaced("10 millis"), times: looks }),
      Effect.catchIf(
        (error): error is "not yet" => error === "not yet",
        () =>
          Effect.die(
            new Error(
              `never came to pass; last seen: ${JSON.stringify(last, (_, value) => (typeof value === "bigint" ? String(value) : value))}`
            )
          )
      )
    )
  }) as Effect.Effect<A, E, R>
