import { Effect, Metric } from "effect"
import { isReady, type OrderPipelineStatus } from "./resource/index.ts"

const looks = Metric.counter("flowforge_operator_looks_total", {
  description: "How often a pipeline was looked at, by what it came to: moving, resting, gone or failed",
  incremental: true
})
const writes = Metric.counter("flowforge_operator_writes_total", {
  description: "What was written to the cluster, by kind",
  incremental: true
})
const ready = Metric.gauge("flowforge_pipeline_ready", { description: "1 while a pipeline is ready, 0 while not" })
const held = Metric.gauge("flowforge_pipeline_held", { description: "1 while a rollout is held, 0 while not" })
const leading = Metric.gauge("flowforge_operator_leading", { description: "1 in the process that leads" })

export const lookedAt = (outcome: string) => Metric.update(Metric.withAttributes(looks, { outcome }), 1)

export const wrote = (kind: string) => Metric.update(Metric.withAttributes(writes, { kind }), 1)

export const leads = (is: boolean) => Metric.update(leading, is ? 1 : 0)

export const stands = (pipeline: string, status: OrderPipelineStatus) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(ready, { pipeline }), isReady(status) ? 1 : 0),
    Metric.update(Metric.withAttributes(held, { pipeline }), status.stage === "Held" ? 1 : 0)
  )
