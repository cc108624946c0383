import { conditionOf, type Observed } from "../observed/index.ts"
import { CONSUMERS, type ProcessName, PROCESSES } from "../resource/index.ts"
import type { Hold } from "./step.ts"
import type { World } from "./world.ts"

/** Events that wait for longer than this are no longer on their way: seconds. */
const LONGEST_WAIT = 60

/** Processes of which no pod is available, unless none is wanted. */
export const unavailableIn = (world: World): ReadonlyArray<ProcessName> =>
  PROCESSES.filter((process) => {
    const found = world.deployment(process)
    return found === undefined || (found.spec.replicas > 0 && conditionOf(found, "Available")?.status !== "True")
  })

/** Why events do not flow, whatever image runs. Without any event they do; what lies dead flows no more and stops nothing. */
export const standstillIn = ({ reports }: Observed, world: World): Hold | undefined => {
  const unavailable = unavailableIn(world)
  if (unavailable.length > 0) {
    return { reason: "ServicesUnavailable", message: `Without a ready pod: ${unavailable.join(", ")}` }
  }
  const empty = CONSUMERS.filter(
    (process) => world.deployment(process)?.spec.replicas === 0 || reports[process]?.members === 0
  )
  if (empty.length > 0)
    return { reason: "GroupEmpty", message: `Consumer groups without a member: ${empty.join(", ")}` }
  const silent = CONSUMERS.filter((process) => reports[process] === undefined)
  if (silent.length > 0) {
    return { reason: "NoReport", message: `No pod answers at :9090/internal/status: ${silent.join(", ")}` }
  }
  const late = CONSUMERS.filter((process) => reports[process]!.waitingSeconds >= LONGEST_WAIT)
  if (late.length === 0) return undefined
  const each = late.map((process) => `${process} (for more than ${spoken(reports[process]!.waitingSeconds)})`)
  return { reason: "EventsWait", message: `Events wait at ${each.join(", ")}` }
}

/** Coarse, so that a status does not change with every look. */
const spoken = (seconds: number): string => {
  if (seconds >= 86_400) return "a day"
  if (seconds >= 3_600) return "an hour"
  return seconds >= 600 ? "ten minutes" : "a minute"
}
