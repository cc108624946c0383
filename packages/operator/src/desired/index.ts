import type { Manifest } from "../kubernetes/index.ts"
import { type OrderPipeline, type ProcessName, PROCESSES } from "../resource/index.ts"
import { environmentOf } from "./environment.ts"
import { type ComponentName } from "./labels.ts"
import { apiServices, autoscaler, deployment, disruptionBudget, prepareJob, removeJob } from "./objects.ts"
import { missingIn, type Referenced, type ReferencedObject, referencesIn } from "./references.ts"

/** What should be in the cluster for a pipeline. */
export interface Desired {
  readonly pipeline: OrderPipeline
  /** What is referred to and is not there; nothing is rolled out while it is not. */
  readonly missing: ReadonlyArray<string>
  readonly prepare: Manifest
  /** Made only when a pipeline with `deletionPolicy: Delete` is deleted. */
  readonly remove: Manifest
  readonly deployments: Readonly<Record<ProcessName, Manifest>>
  /** Undefined where an autoscaler decides. */
  readonly replicas: Readonly<Record<ProcessName, number | undefined>>
  /** What a rollout need not wait for: Services, disruption budgets, autoscalers. */
  readonly standing: ReadonlyArray<Manifest>
}

const COMPONENTS: ReadonlyArray<ComponentName> = [...PROCESSES, "prepare"]

const each = <A>(of: (process: ProcessName) => A) =>
  Object.fromEntries(PROCESSES.map((process) => [process, of(process)])) as Record<ProcessName, A>

/** The Secrets and ConfigMaps that a pipeline refers to. */
export const referencesOf = (pipeline: OrderPipeline): ReadonlyArray<ReferencedObject> =>
  COMPONENTS.flatMap((component) => referencesIn(environmentOf(pipeline, component)))

/** What a pipeline asks for, given what its Secrets and ConfigMaps hold. */
export const desiredOf = (pipeline: OrderPipeline, referenced: Referenced): Desired => ({
  pipeline,
  missing: [...new Set(COMPONENTS.flatMap((component) => missingIn(environmentOf(pipeline, component), referenced)))],
  prepare: prepareJob(pipeline, referenced),
  remove: removeJob(pipeline, referenced),
  deployments: each((process) => deployment(pipeline, process, referenced)),
  replicas: each((process) => {
    const { autoscaling, replicas = 1 } = pipeline.spec.services[process] ?? {}
    return autoscaling === undefined ? replicas : undefined
  }),
  standing: [
    ...apiServices(pipeline),
    ...PROCESSES.flatMap((process) => [disruptionBudget(pipeline, process), autoscaler(pipeline, process) ?? []].flat())
  ]
})

export { Annotations, COMPONENT_LABEL, FINALIZER, isJob, labelsOf, MANAGER, OURS, PIPELINE_LABEL } from "./labels.ts"
export { hashOf } from "./hash.ts"
export { identityOf } from "./merge.ts"
export { nameOf } from "./objects.ts"
export { CONTAINER, PORTS } from "./pod.ts"
export { keyOf, type Referenced, type ReferencedObject } from "./references.ts"
