import type { Manifest } from "../kubernetes/index.ts"
import { CONTAINER } from "../desired/index.ts"

/** How a Deployment stands. */
export interface Rollout {
  readonly desired: number
  readonly ready: number
  readonly updated: number
  /** Its pods all are as it says now, and available. */
  readonly isComplete: boolean
  /** It took longer than it may. */
  readonly isStuck: boolean
}

export const conditionOf = (
  object: Manifest,
  type: string
): { status: string; reason?: string; message?: string; lastTransitionTime?: string } | undefined =>
  object.status?.conditions?.find((one: { type: string }) => one.type === type)

/** Its new pods were there and fell over again: Kubernetes calls that progress made, and waits for ever. */
const hasFallenBack = (deployment: Manifest, now: number): boolean => {
  const available = conditionOf(deployment, "Available")
  const patience = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000
  return (
    conditionOf(deployment, "Progressing")?.reason === "NewReplicaSetAvailable" &&
    available?.status === "False" &&
    now - Date.parse(available.lastTransitionTime ?? "") > patience
  )
}

export const rolloutOf = (deployment: Manifest, now: number): Rollout => {
  const { spec, status = {} } = deployment
  const desired = spec.replicas ?? 1
  const updated = status.updatedReplicas ?? 0
  const isSeen = (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  return {
    desired,
    ready: status.readyReplicas ?? 0,
    updated,
    isComplete:
      isSeen && updated >= desired && (status.replicas ?? 0) === updated && (status.availableReplicas ?? 0) >= desired,
    isStuck:
      isSeen &&
      (conditionOf(deployment, "Progressing")?.reason === "ProgressDeadlineExceeded" || hasFallenBack(deployment, now))
  }
}

export type JobState = "active" | "succeeded" | "failed"

export const jobStateOf = (job: Manifest): JobState => {
  if (conditionOf(job, "Complete")?.status === "True") return "succeeded"
  return conditionOf(job, "Failed")?.status === "True" ? "failed" : "active"
}

/** The image of the process in a Deployment, a ReplicaSet or a Job. */
export const imageOf = (object: Manifest): string | undefined =>
  object.spec?.template?.spec?.containers?.find((one: { name: string }) => one.name === CONTAINER)?.image

export const REVISION = "deployment.kubernetes.io/revision"

export const revisionOf = ({ metadata }: Manifest): number => Number(metadata.annotations?.[REVISION] ?? 0)

/** The object that looks after this one. */
export const controllerOf = ({ metadata }: Manifest) =>
  metadata.ownerReferences?.find(({ controller }) => controller === true)

export const createdAt = ({ metadata }: Manifest): number => Date.parse(metadata.creationTimestamp ?? "")
