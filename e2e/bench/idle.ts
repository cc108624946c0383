import { Effect } from "effect"
import { type Cpu, cpuBetween, cpuOf, type Pids, residentMegabytes } from "./processes.ts"

/** CPU in percent of a core, with no traffic. */
export interface Idle extends Cpu {
  readonly residentMegabytes: number
}

const SECONDS = 30

/** Watches the processes of a system that nobody uses. */
export const measureIdle = Effect.fnUntraced(function* (pids: Pids) {
  yield* Effect.sleep("5 seconds")
  const before = cpuOf(pids)
  yield* Effect.sleep(`${SECONDS} seconds`)
  const percent = cpuBetween(before, cpuOf(pids), SECONDS * 10)
  return { ...percent, residentMegabytes: residentMegabytes(pids.system) } satisfies Idle
})
