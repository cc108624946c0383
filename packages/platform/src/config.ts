import { readFile } from "node:fs/promises"
import { Config, ConfigProvider, Duration, Effect, Option, Schema } from "effect"

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

/** What is wrong with the environment, in a sentence that names the variable and not what it holds. */
export const mistake = (message: string) => new Config.ConfigError(new ConfigProvider.SourceError({ message }))

/** A text that may be absent. */
export const optional = (name: string): Config.Config<string | undefined> =>
  Config.NonEmptyString(name).pipe(Config.option, Config.map(Option.getOrUndefined))

const contentOf = (name: string, path: string): Effect.Effect<string, Config.ConfigError> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (error) =>
      mistake(`${name} names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"})`)
  }).pipe(
    Effect.flatMap((text) =>
      text.trim() === "" ? Effect.fail(mistake(`${name} names ${path}, which is empty`)) : Effect.succeed(text.trim())
    )
  )

/** What the file named by the variable holds. */
export const file = (name: string): Config.Config<string | undefined> =>
  Config.mapEffect(optional(name), (path) => (path === undefined ? Effect.undefined : contentOf(name, path)))

/** The variable's text, or that of the file which `<NAME>_FILE` names. */
export const secret = (name: string): Config.Config<string | undefined> =>
  Config.all({ text: optional(name), content: file(`${name}_FILE`) }).pipe(
    Config.mapEffect(({ content, text }) =>
      text !== undefined && content !== undefined
        ? Effect.fail(mistake(`${name} and ${name}_FILE are both set: give one of them`))
        : Effect.succeed(text ?? content)
    )
  )
