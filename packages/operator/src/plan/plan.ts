import { type Desired, nameOf } from "../desired/index.ts"
import { kindOf, type Manifest } from "../kubernetes/index.ts"
import { imageOf, type Observed } from "../observed/index.ts"
import { CONSUMERS, type ProcessName, PROCESSES, type Stage } from "../resource/index.ts"
import { type Action, Apply, Finalize, Remove, Scale } from "./action.ts"
import { differenceOf } from "./difference.ts"
import { prepareStep } from "./prepare.ts"
import { isFinalized, removal } from "./removal.ts"
import { rolloutStep } from "./rollout.ts"
import { smokeOrderStep } from "./smoke-order.ts"
import type { Hold, Step } from "./step.ts"
import { type World, worldOf } from "./world.ts"

/** What is to be done now, and where a rollout stands. */
export interface Plan {
  readonly actions: ReadonlyArray<Action>
  /** The step that is under way, or `Running`. */
  readonly stage: Exclude<Stage, "Held">
  readonly waits: string
  readonly hold: Hold | undefined
  /** Whether a pipeline that is deleted may go, when the actions are done. */
  readonly isOver: boolean
}

const planOf = (stage: Plan["stage"], rest: Partial<Omit<Plan, "stage">> = {}): Plan => ({
  actions: [],
  waits: "",
  hold: undefined,
  isOver: false,
  stage,
  ...rest
})

/** What leads from what is to what should be: one careful step, the next when this one is done. */
export const plan = (desired: Desired, observed: Observed): Plan => {
  const { metadata, spec } = desired.pipeline
  const world = worldOf(desired, observed)
  if (metadata.deletionTimestamp !== undefined) return planOf("Removing", removal(desired, observed, world))
  const finalizer = finalizerOf(desired)
  if (spec.suspend) return planOf("Suspended", { actions: finalizer })
  if (world.remains.length > 0) {
    const waits = `what is left of an earlier pipeline of this name: ${world.remains.map(named).join(", ")}`
    return planOf("Preparing", { actions: finalizer, waits })
  }
  const repairs = [...finalizer, ...repairsOf(desired, world), ...scalingOf(desired, world)]
  const hold = obstacleOf(desired, observed)
  if (hold !== undefined) return planOf("Preparing", { actions: repairs, hold })
  const standing = [...standingOf(desired, world), ...obsoleteOf(desired, world)]
  const actions: Array<Action> = [...repairs, ...standing]
  for (const [stage, step] of steps(desired, observed, world)) {
    const { hold, isDone, waits, ...result } = step()
    actions.push(...result.actions)
    if (!isDone) return planOf(stage, { actions, waits, hold })
  }
  return planOf("Running", { actions })
}

/** Before anything is made that it is to delete. */
const finalizerOf = ({ pipeline: { metadata, spec } }: Desired): ReadonlyArray<Action> => {
  const isWanted = spec.deletionPolicy === "Delete"
  return isFinalized(metadata) === isWanted ? [] : [Finalize(isWanted)]
}

const named = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`

type Steps = ReadonlyArray<readonly [Plan["stage"], () => Step]>

/** The API comes last on the way forward, because it relies on the consumers, and first on the way back. */
const steps = (desired: Desired, observed: Observed, world: World): Steps => {
  const consumers = ["Consumers", () => rolloutStep(CONSUMERS, desired, observed, world)] as const
  const api = ["Api", () => rolloutStep(["api"], desired, observed, world)] as const
  return [
    ["Preparing", () => prepareStep(desired, observed, world)],
    ...(isGoingBack(desired, world) ? [api, consumers] : [consumers, api]),
    ["SmokeOrder", () => smokeOrderStep(desired, observed, world)]
  ]
}

/** Whether a process has an image now that it first had after the one that is wanted. */
export const isGoingBack = (desired: Desired, world: World): boolean =>
  PROCESSES.some((process) => {
    const current = world.deployment(process)
    if (current === undefined) return false
    const wanted = world.firstSeen(process, imageOf(desired.deployments[process]))
    const present = world.firstSeen(process, imageOf(current))
    return wanted !== undefined && present !== undefined && wanted < present
  })

/** What no step can get past. */
const obstacleOf = (desired: Desired, { taken, unknownKinds }: Observed): Hold | undefined => {
  if (taken.length > 0) {
    return { reason: "NameTaken", message: `Exists already and is not ours: ${taken.join(", ")}. Rename or remove it.` }
  }
  const unknown = desired.standing.find(({ kind }) => unknownKinds.includes(kind))
  if (unknown !== undefined) {
    const message = `This cluster has no ${unknown.kind} (${unknown.apiVersion}): install it, or give replicas instead of autoscaling.`
    return { reason: "AutoscalerUnavailable", message }
  }
  return desired.missing.length > 0
    ? { reason: "ReferenceMissing", message: `${desired.missing.join("; ")}.` }
    : undefined
}

/** What somebody else changed of what we want as before. */
const repairsOf = (desired: Desired, world: World): ReadonlyArray<Action> =>
  [...Object.values(desired.deployments), ...desired.standing]
    .filter((wanted) => differenceOf(wanted, world.find(wanted)) === "drifted")
    .map(Apply)

const standingOf = (desired: Desired, world: World): ReadonlyArray<Action> =>
  desired.standing
    .filter((wanted) => ["absent", "changed"].includes(differenceOf(wanted, world.find(wanted))))
    .map(Apply)

/** Replicas are no part of a rollout: they follow at any time. */
const scalingOf = (desired: Desired, world: World): ReadonlyArray<Action> =>
  PROCESSES.flatMap((process: ProcessName) => {
    const replicas = desired.replicas[process]
    const found = world.deployment(process)
    return replicas === undefined || found === undefined || found.spec.replicas === replicas
      ? []
      : [Scale(nameOf(desired.pipeline, process), replicas)]
  })

const STANDING_KINDS = ["Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ScaledObject"]

/** What we made and want no more. */
const obsoleteOf = (desired: Desired, world: World): ReadonlyArray<Action> => {
  const wanted = new Set(desired.standing.map(named))
  return STANDING_KINDS.flatMap(world.mine)
    .filter((found) => !wanted.has(named(found)) && found.metadata.deletionTimestamp === undefined)
    .map((found) => Remove(kindOf(found), found))
}
