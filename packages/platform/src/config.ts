import { Config, Duration, Schema } from "effect"

const Count = Schema.Int.check(Schema.makeFilter((n) => n >= 1, { expected: "a whole number from 1" }))
const Time = Schema.DurationFromString.check(
  Schema.makeFilter((time) => Duration.isFinite(time) && Duration.toMillis(time) >= 0, {
    expected: 'a time such as "250 millis" or "5 seconds"'
  })
)

/** How many of something: at least one. */
export const count = (name: string, fallback: number): Config.Config<number> =>
  Config.schema(Count, name).pipe(Config.withDefault(fallback))

/** How long something takes: not less than nothing, and not for ever. */
export const time = (name: string, fallback: Duration.Input): Config.Config<Duration.Duration> =>
  Config.schema(Time, name).pipe(Config.withDefault(Duration.fromInputUnsafe(fallback)))
