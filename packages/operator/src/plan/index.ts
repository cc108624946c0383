export { type Action, describe } from "./action.ts"
export { type Plan, plan } from "./plan.ts"
export { statusOf } from "./status.ts"
export type { Hold } from "./step.ts"
