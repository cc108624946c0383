import { NodeRuntime } from "@effect/platform-node"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Console, Effect } from "effect"
import { banner } from "./banner.ts"
import { startSystem } from "./system.ts"

const main = Effect.gen(function* () {
  yield* Console.log("Starting FlowForge …")
  const system = yield* startSystem
  yield* Console.log(banner(system))
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.onInterrupt(() => Console.log("FlowForge has stopped.")),
  Effect.provide(layerTelemetry("flowforge")),
  Effect.tapError((error) => Console.error(`FlowForge cannot start: ${error.message}`))
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
