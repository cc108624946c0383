import { flushCompileCache } from "node:module"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Cause, Console, Effect } from "effect"
import { banner } from "./banner.ts"
import { readArguments } from "./arguments.ts"
import { explain } from "./explain.ts"
import { HELP } from "./help.ts"
import { runUntilStopped } from "./stopping.ts"
import { startSystem } from "./system.ts"

const start = Effect.gen(function* () {
  yield* Console.log("Starting FlowForge …")
  const system = yield* startSystem
  yield* Console.log(banner(system))
  flushCompileCache()
  return yield* Effect.never
}).pipe(Effect.scoped, Effect.provide(layerTelemetry("flowforge")))

const main = Effect.gen(function* () {
  const { isForHelp } = yield* readArguments(process.argv.slice(2))
  return isForHelp ? yield* Console.log(HELP) : yield* start
}).pipe(
  Effect.onInterrupt(() => Console.log("FlowForge has stopped.")),
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`FlowForge cannot start: ${explain(cause)}`)
  )
)

runUntilStopped(main, { disableErrorReporting: true })
