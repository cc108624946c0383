import { Config, ConfigProvider, Effect, Exit, Layer } from "effect"
import { Cause } from "effect"
import { Misconfigured, type Setting } from "./setting.ts"

const AT = /at \["(?<name>\w+)"\]/u
const EXPECTED = /Expected (?<what>[^\n]*?)(?:, got [^\n]*)?(?:\n|$)/u

/**
 * Reads a service's own configuration ahead of building anything, for its mistakes alone. A Layer stops at its first
 * mistake: so a variable at fault is hidden, which leaves its default, and the Layer asked again.
 */
export const checked = <A>(layer: Layer.Layer<A, Config.ConfigError>): Setting<void> => ({
  variables: [],
  read: Effect.gen(function* () {
    const provider = yield* ConfigProvider.ConfigProvider
    const mistakes = new Map<string, string>()
    const visible = ConfigProvider.make((path) =>
      mistakes.has(String(path[0])) ? Effect.undefined : provider.load(path)
    )
    for (;;) {
      const exit = yield* Layer.build(layer).pipe(
        Effect.scoped,
        Effect.provide(ConfigProvider.layer(visible)),
        Effect.exit
      )
      if (Exit.isSuccess(exit)) break
      const { message } = Cause.squash(exit.cause) as Error
      const name = AT.exec(message)?.groups?.["name"]
      if (name === undefined || mistakes.has(name)) return yield* Effect.die(Cause.squash(exit.cause))
      mistakes.set(name, `${name} is wrong: it must be ${EXPECTED.exec(message)?.groups?.["what"] ?? "something else"}`)
    }
    if (mistakes.size > 0) return yield* new Misconfigured({ mistakes: [...mistakes.values()] })
  })
})
