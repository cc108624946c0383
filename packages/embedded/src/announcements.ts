import { layerLogs, telemetry } from "@flowforge/platform/telemetry"
import { type Cause, Console, Effect } from "effect"
import { banner } from "./banner.ts"
import { explain } from "./explain.ts"

/**
 * Told to people in words of their own, also where they read them in a file; to who asks for a log of nothing but JSON as a
 * line like all the others.
 */
const announce = (told: Effect.Effect<void>, logged: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(telemetry.read, ({ format }) =>
    format === "json" ? Effect.provide(logged, layerLogs("flowforge")) : told
  ).pipe(
    // What is configured for the log is wrong itself.
    Effect.catch(() => told)
  )

export const starting = announce(Console.log("Starting FlowForge …"), Effect.logInfo("starting"))

export const running = (system: Parameters<typeof banner>[0]): Effect.Effect<void> =>
  announce(
    Console.log(banner(system)),
    Effect.annotateLogs(Effect.logInfo("running"), {
      public_url: system.publicUrl,
      management_url: system.managementUrl,
      folder: system.folder,
      orders: system.orders.all,
      open_orders: system.orders.open
    })
  )

export const stopping = announce(Console.log("Stopping … (Ctrl-C again: at once)"), Effect.logInfo("stopping"))

export const stopped = announce(Console.log("FlowForge has stopped."), Effect.logInfo("stopped"))

export const stoppedAtOnce = announce(
  Console.log("Stopped at once. Nothing is lost: the next start recovers."),
  Effect.logWarning("stopped at once: nothing is lost, the next start recovers")
)

export const cannotStart = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const text = `FlowForge cannot start: ${explain(cause)}`
  return announce(Console.error(text), Effect.logFatal(text))
}
