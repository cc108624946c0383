import { Duration, Effect, Schedule, Schema } from "effect"

class NotYet extends Schema.TaggedError<NotYet>()("NotYet", { message: Schema.String }) {}

/** Waits until the condition holds, asking every 10 ms or `every` so often; fails the test, naming what was waited for, after `within`. */
export const eventually = <E, R>(
  what: string,
  condition: Effect.Effect<boolean, E, R>,
  within: Duration.Input = "15 seconds",
  every: Duration.Input = "10 millis"
): Effect.Effect<void, E | NotYet, R> =>
  condition.pipe(
    Effect.flatMap((holds) => (holds ? Effect.void : Effect.fail(new NotYet({ message: `never: ${what}` })))),
    Effect.retry({
      while: (error) => error instanceof NotYet,
      schedule: Schedule.spaced(every).pipe(Schedule.upTo({ duration: within }))
    })
  )
