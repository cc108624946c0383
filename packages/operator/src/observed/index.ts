export { isWithin } from "./drift.ts"
export type { DeadLetters, GroupReport, Observed } from "./observed.ts"
export { exitCodeOf, isReady, lastLine, readySince, reportIn, troubleOf } from "./pods.ts"
export {
  conditionOf,
  controllerOf,
  createdAt,
  imageOf,
  type JobState,
  jobStateOf,
  revisionOf,
  type Rollout,
  rolloutOf
} from "./workload.ts"
