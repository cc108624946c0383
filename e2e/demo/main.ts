import { NodeRuntime } from "@effect/platform-node"
import { embeddedConfig, explain } from "@flowforge/embedded"
import { Cause, Console, Effect, Result } from "effect"
import { HELP, parseArguments } from "./arguments.ts"
import { giveDemo } from "./demo.ts"
import { findOrStart } from "./find-or-start.ts"

const exitWith = (code: number) => Effect.sync(() => (process.exitCode = code))

const main = Effect.gen(function* () {
  const asked = parseArguments(process.argv.slice(2))
  if (Result.isFailure(asked)) {
    yield* Console.error(asked.failure)
    return yield* exitWith(2)
  }
  if (asked.success.help) return yield* Console.log(HELP)
  const instance = yield* findOrStart(yield* embeddedConfig)
  const isRight = yield* giveDemo(instance, asked.success.orders)
  if (!isRight) yield* exitWith(1)
}).pipe(
  Effect.scoped,
  Effect.catchCause((cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.andThen(Console.error(`\n${explain(cause)}`), exitWith(1))
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
