import { operatorConfig } from "@flowforge/operator/config"
import { listen } from "@flowforge/platform/http"
import { all, row } from "@flowforge/platform/settings"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Effect } from "effect"
import { running } from "../settings/process.ts"
import { ofConfig } from "../settings/of-config.ts"
import { stopWithin } from "../stopping.ts"
import { processOf } from "./process.ts"

const { host, managementPort, stopWithin: patience, telemetry } = running

const own = ofConfig(operatorConfig, [
  row("OPERATOR_NAMESPACE", undefined, "the namespace of the Lease by which one of several operators leads"),
  row("OPERATOR_IDENTITY", undefined, "who it is among them: the name of its pod"),
  row("OPERATOR_WATCH_NAMESPACE", "all namespaces", "where the OrderPipelines are that it looks after")
])

/** The operator is loaded by this process alone, as it brings a client of Kubernetes. */
export const operator = processOf(
  "looks after OrderPipelines in Kubernetes",
  all({ own, host, managementPort, telemetry, stopWithin: patience }),
  (settings) =>
    Effect.gen(function* () {
      yield* stopWithin(settings.stopWithin)
      const { host, managementPort: port, own } = settings
      const listener = yield* listen({ host, port, variable: "MANAGEMENT_PORT" })
      const { runOperator } = yield* Effect.promise(() => import("@flowforge/operator"))
      yield* runOperator(own, listener, { name: "flowforge operator", version: "0.1.0" })
    }).pipe(Effect.provide(layerTelemetry("operator")))
)
