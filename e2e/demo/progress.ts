import { Console, Effect } from "effect"

const ON_TERMINAL_MILLIS = 100
const ELSEWHERE_MILLIS = 2_000

/** Shows `line` while the effect runs: on a terminal always the newest in the same place, elsewhere now and then. */
export const withProgress =
  (line: () => string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    process.stdout.isTTY
      ? Effect.raceFirst(effect, Effect.forever(Effect.delay(overwrite(line), ON_TERMINAL_MILLIS))).pipe(
          Effect.ensuring(Effect.andThen(overwrite(line), Console.log("")))
        )
      : Effect.raceFirst(
          effect,
          Effect.forever(
            Effect.delay(
              Effect.suspend(() => Console.log(line())),
              ELSEWHERE_MILLIS
            )
          )
        ).pipe(Effect.ensuring(Effect.suspend(() => Console.log(line()))))

/** A line longer than the terminal is wide could not be overwritten. */
const overwrite = (line: () => string) =>
  Effect.sync(() => process.stdout.write(`\r\u001b[2K${line().slice(0, process.stdout.columns - 1)}`))
