import { Misconfigured, type Setting, type Variable } from "@flowforge/platform/settings"
import { Cause, Config, ConfigProvider, Effect, Exit } from "effect"

const AT = /at \["(?<name>\w+)"\]/u
const EXPECTED = /Expected (?<what>[^\n]*?)(?:, got [^\n]*)?(?:\n|$)/u

/** What a package reads by its own `Config`. `variables` are those that it is known for. */
export const ofConfig = <A>(config: Config.Config<A>, variables: ReadonlyArray<Variable>): Setting<A> => ({
  variables,
  read: everyMistakeOf(config)
})

/**
 * A Config stops at its first mistake: so a variable at fault is hidden, which leaves its default, or something stands for
 * it where it has none, and the Config is asked again until there is nothing more to say.
 */
const everyMistakeOf = Effect.fnUntraced(function* <A>(config: Config.Config<A>) {
  const provider = yield* ConfigProvider.ConfigProvider
  const mistakes = new Map<string, string>()
  const required = new Set<string>()
  const visible = ConfigProvider.make((path) => {
    const name = String(path[0])
    if (required.has(name)) return Effect.succeed(ConfigProvider.makeValue("something"))
    return mistakes.has(name) ? Effect.undefined : provider.load(path)
  })
  for (;;) {
    const exit = yield* Effect.exit(config.parse(visible))
    if (Exit.isSuccess(exit)) {
      if (mistakes.size === 0) return exit.value
      break
    }
    const error = Cause.squash(exit.cause)
    if (!(error instanceof Config.ConfigError)) return yield* Effect.die(error)
    const name = AT.exec(error.message)?.groups?.["name"]
    // Without a place it is a sentence of the package's own.
    if (name === undefined) mistakes.set("", error.cause.message)
    if (name === undefined || required.has(name)) break
    if (mistakes.has(name)) required.add(name)
    else {
      const isThere = (yield* Effect.orDie(provider.load([name]))) !== undefined
      const expected = EXPECTED.exec(error.message)?.groups?.["what"] ?? "something else"
      mistakes.set(name, isThere ? `${name} is wrong: it must be ${expected}` : `${name} is missing`)
    }
  }
  return yield* new Misconfigured({ mistakes: [...mistakes.values()] })
})
