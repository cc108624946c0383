import { NodeRuntime } from "@effect/platform-node"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Cause, Console, Effect } from "effect"
import { banner } from "./banner.ts"
import { startSystem } from "./system.ts"

/** An expected failure says what to do; anything else is ours, and comes with where it happened. */
const explain = (cause: Cause.Cause<Error>): string => {
  const error = Cause.squash(cause)
  return cause.reasons.some(({ _tag }) => _tag === "Die") || !(error instanceof Error)
    ? Cause.pretty(cause)
    : error.message
}

const main = Effect.gen(function* () {
  yield* Console.log("Starting FlowForge …")
  const system = yield* startSystem
  yield* Console.log(banner(system))
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.onInterrupt(() => Console.log("FlowForge has stopped.")),
  Effect.provide(layerTelemetry("flowforge")),
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`FlowForge cannot start: ${explain(cause)}`)
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
