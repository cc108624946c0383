import type { Desired } from "../desired/index.ts"
import { Kinds, type Manifest } from "../kubernetes/index.ts"
import { createdAt, exitCodeOf, jobStateOf, type Observed, troubleOf } from "../observed/index.ts"
import { Apply, Remove } from "./action.ts"
import { done, type Hold, type Step } from "./step.ts"
import type { World } from "./world.ts"

/** The Job that makes the topics and applies the migrations. One for other settings is ended first. */
export const prepareStep = (desired: Desired, observed: Observed, world: World): Step => {
  const job = world.find(desired.prepare)
  const others = world.mine("Job").filter((one) => one.metadata.name !== desired.prepare.metadata.name)
  const remove = others
    .filter((one) => one.metadata.deletionTimestamp === undefined)
    .map((one) => Remove(Kinds.job, one))
  if (job === undefined) {
    return others.some((one) => jobStateOf(one) === "active")
      ? { actions: remove, isDone: false, waits: "an earlier preparation to end" }
      : { actions: [...remove, Apply(desired.prepare)], isDone: false, waits: "the topics and the migrations" }
  }
  const state = jobStateOf(job)
  if (state === "succeeded") return done(remove)
  const trouble = troubleIn(job, observed, world)
  if (state === "failed") return { actions: remove, isDone: false, waits: "", hold: failed(trouble) }
  const isOverdue = observed.now - createdAt(job) > desired.pipeline.spec.progressDeadlineSeconds * 1000
  const waits = `the topics and the migrations${trouble.message === "" ? "" : `: ${trouble.message}`}`
  return {
    actions: remove,
    isDone: false,
    waits,
    hold: isOverdue ? { reason: "PrepareOverdue", message: `Still waiting for ${waits}` } : undefined
  }
}

interface Trouble {
  readonly exitCode: number | undefined
  readonly message: string
}

const troubleIn = (job: Manifest, { lastWords }: Observed, world: World): Trouble => {
  const pod = world.podsOf(job.metadata.name).toSorted((one, other) => createdAt(other) - createdAt(one))[0]
  if (pod === undefined) return { exitCode: undefined, message: "" }
  return { exitCode: exitCodeOf(pod), message: troubleOf(pod, lastWords[pod.metadata.name]) ?? "" }
}

/** By what `flowforge prepare` ends with. */
const REASONS: Readonly<Record<number, string>> = {
  20: "TopicsNotReady",
  21: "MigrationRefused",
  22: "AlreadyManaged"
}

const failed = ({ exitCode, message }: Trouble): Hold => ({
  reason: REASONS[exitCode ?? -1] ?? "PrepareFailed",
  message: `${message || "The preparation failed"}. To try again, give the annotation flowforge.dev/retry a new text.`
})
