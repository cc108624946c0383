export { documentationRoutes, layerDocumentation } from "./documentation.ts"
export { EarlyRefusals, type Refusal } from "./early-refusals.ts"
export { type HttpListener, listen, PortUnavailable } from "./listener.ts"
export { type KnownRoute, routesOf } from "./methods.ts"
export { type Problem, problemResponse, problems } from "./problem.ts"
export { BODY_LIMIT, layerServe, REQUEST_BUDGET } from "./serve.ts"
export {
  healthRoutes,
  layerHealthRoutes,
  layerMetricsRoutes,
  metricsRoutes,
  type ReadinessChecks,
  type Version
} from "./system-routes.ts"
