export { definition, REVISION, REVISION_ANNOTATION } from "./crd.ts"
export { definitionPermissions, leaderPermissions, type Permission, permissions } from "./permissions.ts"
export { GROUP, KIND, OrderPipeline, PLURAL, VERSION } from "./pipeline.ts"
export {
  type Autoscaling,
  CONSUMERS,
  OrderPipelineSpec,
  type ProcessName,
  PROCESSES,
  type ServiceSpec,
  type SmokeOrder
} from "./spec.ts"
export type { SecretSource, Source } from "./sources.ts"
export { Condition, isReady, OrderPipelineStatus, type Stage } from "./status.ts"
