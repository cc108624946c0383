import { type Desired } from "../desired/index.ts"
import { type DeadLetters, imageOf, type Observed, rolloutOf } from "../observed/index.ts"
import { type Condition, type OrderPipelineStatus, type ProcessName, PROCESSES } from "../resource/index.ts"
import { standstillIn, unavailableIn } from "./flow.ts"
import type { Plan } from "./plan.ts"
import { preparedOf } from "./prepared.ts"
import { orderedOf } from "./smoke-order.ts"
import type { Hold } from "./step.ts"
import { type Told, told } from "./told.ts"
import { type World, worldOf } from "./world.ts"

/** The status of a pipeline, from the world alone; only the times of conditions that did not change are kept. */
export const statusOf = (
  desired: Desired,
  observed: Observed,
  plan: Plan,
  refusal: Hold | undefined
): OrderPipelineStatus => {
  const { metadata, spec, status } = desired.pipeline
  const world = worldOf(desired, observed)
  const hold = refusal ?? plan.hold
  const current = currentImage(spec.image, plan, world)
  const lag = Object.values(observed.reports).map((report) => report.lag)
  const conditions = Object.entries(conditionsOf(desired, observed, plan, { hold, world })).map(([type, one]) =>
    stamped(type, one, { previous: status?.conditions, generation: metadata.generation, now: observed.now })
  )
  return {
    observedGeneration: metadata.generation,
    stage: hold === undefined ? plan.stage : "Held",
    image: { ...(current === undefined ? {} : { current }), target: spec.image },
    services: Object.fromEntries(PROCESSES.map((process) => [process, serviceOf(process, desired, observed, world)])),
    ...(lag.length === 0 ? {} : { lag: lag.reduce((sum, one) => sum + one, 0) }),
    ...(lag.length === 0 ? {} : { deadLetters: deadLettersOf(observed) }),
    conditions
  }
}

/** What all processes had before the last step, and what they all have after it. */
const currentImage = (target: string, plan: Plan, world: World): string | undefined => {
  const images = PROCESSES.map((process) => {
    const found = world.deployment(process)
    return found === undefined ? undefined : imageOf(found)
  })
  const other = images.find((image) => image !== undefined && image !== target)
  if (other !== undefined) return other
  return plan.stage === "Running" || (plan.stage === "Suspended" && images.includes(target)) ? target : undefined
}

const serviceOf = (process: ProcessName, desired: Desired, { now, reports }: Observed, world: World) => {
  const found = world.deployment(process)
  const lag = reports[process]?.lag
  const { ready, updated, ...rollout } =
    found === undefined ? { desired: desired.replicas[process] ?? 0, ready: 0, updated: 0 } : rolloutOf(found, now)
  return { desired: rollout.desired, ready, updated, ...(lag === undefined ? {} : { lag }) }
}

const deadLettersTold = (observed: Observed): Told => {
  const { total, topics } = deadLettersOf(observed)
  const each = Object.entries(topics).map(([topic, { count, oldest }]) => `${count} in ${topic} since ${oldest}`)
  return total === 0 ? told(false, "None") : told(true, "Open", each.join(", "))
}

const deadLettersOf = ({ reports }: Observed) => {
  const topics: Record<string, DeadLetters> = {}
  for (const report of Object.values(reports)) {
    for (const [topic, { count, oldest }] of Object.entries(report.deadLetters)) {
      const other = topics[topic]
      topics[topic] =
        other === undefined
          ? { count, oldest }
          : { count: other.count + count, oldest: oldest < other.oldest ? oldest : other.oldest }
    }
  }
  return { total: Object.values(topics).reduce((sum, { count }) => sum + count, 0), topics }
}

const conditionsOf = (
  desired: Desired,
  observed: Observed,
  plan: Plan,
  { hold, world }: { readonly hold: Hold | undefined; readonly world: World }
): Readonly<Record<string, Told>> => {
  const { stage, waits } = plan
  const unavailable = unavailableIn(world)
  const services =
    unavailable.length === 0
      ? told(true, "Available")
      : told(false, "Unavailable", `Without a ready pod: ${unavailable.join(", ")}`)
  const standstill = standstillIn(observed, world)
  const isRunning = stage === "Running" && hold === undefined
  const isIdle = isRunning || stage === "Suspended" || stage === "Removing"
  const waiting = waits === "" ? "" : `Waiting for ${waits}`
  const ready =
    hold !== undefined
      ? told(false, hold.reason, hold.message)
      : stage === "Suspended"
        ? told(
            standstill === undefined,
            "Suspended",
            standstill?.message ?? "Nothing is changed while spec.suspend is true"
          )
        : isRunning && standstill !== undefined
          ? told(standstill.reason === "NoReport" ? "Unknown" : false, standstill.reason, standstill.message)
          : told(isRunning, stage, isRunning ? "All processes run the target image, and events flow" : waiting)
  return {
    Ready: ready,
    Reconciling: isIdle ? told(false, stage) : hold === undefined ? told(true, stage, waiting) : told(false, "Held"),
    Stalled: hold === undefined ? told(false, "Progressing") : told(true, hold.reason, hold.message),
    ...preparedOf(desired, plan, { hold, world }),
    ...orderedOf(desired, world),
    ServicesAvailable: services,
    DeadLettersPresent: deadLettersTold(observed)
  }
}

const stamped = (
  type: string,
  one: Told,
  known: { readonly previous: ReadonlyArray<Condition> | undefined; readonly generation: number; readonly now: number }
): Condition => {
  const before = known.previous?.find((condition) => condition.type === type)
  return {
    type,
    ...one,
    observedGeneration: known.generation,
    lastTransitionTime: before?.status === one.status ? before.lastTransitionTime : new Date(known.now).toISOString()
  }
}
