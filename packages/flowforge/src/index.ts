export { type CrashPoint, crashPoints } from "./crash-points.ts"
export { processes } from "./processes/index.ts"
export type { Process } from "./processes/process.ts"
export type { Variable } from "@flowforge/platform/settings"
