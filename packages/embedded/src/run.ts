import { flushCompileCache } from "node:module"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Cause, Console, Effect } from "effect"
import { cannotStart, running, starting, stopped } from "./announcements.ts"
import { readArguments } from "./arguments.ts"
import { HELP } from "./help.ts"
import { runUntilStopped } from "./stopping.ts"
import { startSystem } from "./system.ts"

const start = Effect.gen(function* () {
  yield* starting
  yield* running(yield* startSystem)
  flushCompileCache()
  return yield* Effect.never
}).pipe(Effect.scoped, Effect.provide(layerTelemetry("flowforge")))

const main = Effect.gen(function* () {
  const { isForHelp } = yield* readArguments(process.argv.slice(2))
  return isForHelp ? yield* Console.log(HELP) : yield* start
}).pipe(
  Effect.onInterrupt(() => stopped),
  Effect.tapCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : cannotStart(cause)))
)

runUntilStopped(main, { disableErrorReporting: true })
