import { type Desired, FINALIZER } from "../desired/index.ts"
import { kindOf, type Manifest } from "../kubernetes/index.ts"
import { jobStateOf, type Observed, troubleOf } from "../observed/index.ts"
import type { OrderPipeline } from "../resource/index.ts"
import { Apply, Remove } from "./action.ts"
import type { Plan } from "./plan.ts"
import type { Hold } from "./step.ts"
import type { World } from "./world.ts"

type Removal = Partial<Omit<Plan, "stage">>

export const isFinalized = ({ finalizers = [] }: OrderPipeline["metadata"]): boolean => finalizers.includes(FINALIZER)

/**
 * What becomes of a pipeline that is deleted: nothing of ours, unless we keep it until its data are deleted. Then first the
 * processes end, or they would make anew what goes; then a Job deletes the topics and the tables. What takes too long, or
 * fails, is given up.
 */
export const removal = ({ pipeline, remove }: Desired, observed: Observed, world: World): Removal => {
  const { metadata, spec } = pipeline
  if (!isFinalized(metadata)) return {}
  if (spec.deletionPolicy === "Retain") return { isOver: true }
  const job = world.find(remove)
  const state = job === undefined ? undefined : jobStateOf(job)
  if (state === "succeeded") return { isOver: true }
  const trouble = troubleIn(remove, observed, world)
  if (state === "failed") return givenUp(trouble)
  const isLate = observed.now - Date.parse(metadata.deletionTimestamp ?? "") > spec.progressDeadlineSeconds * 1000
  if (isLate) return givenUp(trouble || `not done within ${spec.progressDeadlineSeconds} s`)
  if (job !== undefined) return { waits: `the topics and tables to be deleted${trouble && `: ${trouble}`}` }
  const atWork = ["Deployment", "Job"].flatMap(world.mine)
  const actions = atWork
    .filter((one) => one.metadata.deletionTimestamp === undefined)
    .map((one) => Remove(kindOf(one), one))
  if (atWork.length > 0 || observed.objects.some(({ kind }) => kind === "Pod"))
    return { actions, waits: "the processes to end" }
  return { actions: [Apply(remove)], waits: "the topics and tables to be deleted" }
}

const troubleIn = (job: Manifest, { lastWords }: Observed, world: World): string =>
  world
    .podsOf(job.metadata.name)
    .map((pod) => troubleOf(pod, lastWords[pod.metadata.name]) ?? "")
    .find((words) => words !== "") ?? ""

/** People are told, and the pipeline goes. */
const givenUp = (trouble: string): Removal => ({
  isOver: true,
  hold: left(trouble || "the Job that deletes them failed")
})

/** Why a pipeline is let go although not all is deleted. */
export const left = (trouble: string): Hold => ({
  reason: "RemovalGivenUp",
  message: `Topics and tables may be left: ${trouble}`
})
