import { Schema } from "effect"
import { LIST_KEYS, LIST_TYPE } from "./rules.ts"

/** The steps of a rollout, as they are shown. */
export const STAGES = [
  "Preparing",
  "Consumers",
  "Api",
  "SmokeOrder",
  "Running",
  "Held",
  "Suspended",
  "Removing"
] as const
export type Stage = (typeof STAGES)[number]

export const Condition = Schema.Struct({
  type: Schema.String,
  status: Schema.Literals(["True", "False", "Unknown"]),
  reason: Schema.String.check(Schema.isPattern(/^[A-Za-z][A-Za-z0-9]*$/u)),
  message: Schema.String.check(Schema.isMaxLength(32_768)),
  lastTransitionTime: Schema.String.annotate({ format: "date-time" }),
  observedGeneration: Schema.optionalKey(Schema.Int)
})
export type Condition = typeof Condition.Type

const ServiceStatus = Schema.Struct({
  desired: Schema.Int,
  ready: Schema.Int,
  updated: Schema.Int,
  lag: Schema.optionalKey(Schema.Int.annotate({ description: "Events that its group has not handled yet." }))
})

const DeadLetters = Schema.Struct({
  count: Schema.Int,
  oldest: Schema.optionalKey(Schema.String.annotate({ format: "date-time" }))
})

/** What is. Always rebuilt from the world, never read to decide. */
export const OrderPipelineStatus = Schema.Struct({
  observedGeneration: Schema.optionalKey(Schema.Int),
  stage: Schema.optionalKey(Schema.Literals(STAGES)),
  image: Schema.optionalKey(
    Schema.Struct({
      current: Schema.optionalKey(Schema.String.annotate({ description: "What all processes run." })),
      target: Schema.optionalKey(Schema.String.annotate({ description: "What they are being brought to." }))
    })
  ),
  services: Schema.optionalKey(Schema.Record(Schema.String, ServiceStatus)),
  lag: Schema.optionalKey(Schema.Int.annotate({ description: "Of all groups together." })),
  deadLetters: Schema.optionalKey(
    Schema.Struct({ total: Schema.Int, topics: Schema.optionalKey(Schema.Record(Schema.String, DeadLetters)) })
  ),
  conditions: Schema.optionalKey(Schema.Array(Condition).annotate({ [LIST_TYPE]: "map", [LIST_KEYS]: ["type"] }))
})
export type OrderPipelineStatus = typeof OrderPipelineStatus.Type

export const isReady = ({ conditions }: OrderPipelineStatus): boolean =>
  conditions?.some(({ status, type }) => type === "Ready" && status === "True") === true
