import { Schema } from "effect"
import { OrderPipelineSpec } from "./spec.ts"
import { OrderPipelineStatus } from "./status.ts"

export const GROUP = "flowforge.dev"
export const VERSION = "v1alpha1"
export const KIND = "OrderPipeline"
export const PLURAL = "orderpipelines"

const Metadata = Schema.Struct({
  name: Schema.String,
  namespace: Schema.String,
  uid: Schema.String,
  generation: Schema.Int,
  deletionTimestamp: Schema.optionalKey(Schema.String),
  finalizers: Schema.optionalKey(Schema.Array(Schema.String)),
  annotations: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})

/** One installation of FlowForge, as the API server has it. */
export const OrderPipeline = Schema.Struct({
  metadata: Metadata,
  spec: OrderPipelineSpec,
  status: Schema.optionalKey(OrderPipelineStatus)
})
export type OrderPipeline = typeof OrderPipeline.Type
