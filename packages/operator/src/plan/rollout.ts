import { type Desired, nameOf } from "../desired/index.ts"
import { type Manifest } from "../kubernetes/index.ts"
import { type Observed, rolloutOf, troubleOf } from "../observed/index.ts"
import type { ProcessName } from "../resource/index.ts"
import { type Action, Apply, Scale } from "./action.ts"
import { differenceOf } from "./difference.ts"
import { done, type Step } from "./step.ts"
import type { World } from "./world.ts"

/** A Deployment that is made has one replica until it is told another number. */
const withReplicas = (desired: Desired, process: ProcessName): ReadonlyArray<Action> => {
  const replicas = desired.replicas[process] ?? desired.pipeline.spec.services[process]?.autoscaling?.minReplicas ?? 1
  return [Apply(desired.deployments[process]), Scale(nameOf(desired.pipeline, process), replicas)]
}

/** Brings some processes to what is wanted, all at once, and waits until they are. */
export const rolloutStep = (
  processes: ReadonlyArray<ProcessName>,
  desired: Desired,
  observed: Observed,
  world: World
): Step => {
  const actions = processes.flatMap((process) => {
    const wanted = desired.deployments[process]
    switch (differenceOf(wanted, world.find(wanted))) {
      case "absent":
        return withReplicas(desired, process)
      case "changed":
        return [Apply(wanted)]
      default:
        return []
    }
  })
  if (actions.length > 0) return { actions, isDone: false, waits: processes.join(", ") }
  const behind = processes.flatMap((process) => {
    const deployment = world.deployment(process)!
    const rollout = rolloutOf(deployment, observed.now)
    if (rollout.isComplete) return []
    return [{ process, rollout, trouble: troubleIn(deployment, observed, world) }]
  })
  if (behind.length === 0) return done()
  const told = behind
    .map(({ process, trouble }) => (trouble === undefined ? process : `${process} (${trouble})`))
    .join(", ")
  const isStuck = behind.some(({ rollout }) => rollout.isStuck)
  return {
    actions: [],
    isDone: false,
    waits: told,
    hold: isStuck ? { reason: "RolloutStuck", message: `Not ready in time: ${told}` } : undefined
  }
}

const troubleIn = (deployment: Manifest, { lastWords }: Observed, world: World): string | undefined =>
  world
    .podsOf(deployment.metadata.name)
    .map((pod) => troubleOf(pod, lastWords[pod.metadata.name]))
    .find((trouble) => trouble !== undefined)
