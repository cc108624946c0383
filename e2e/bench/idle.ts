import { Effect } from "effect"
import { cpuMillis, cpuMillisOfTree, type Pids, residentMegabytes } from "./processes.ts"

/** CPU in percent of a core, with no traffic. */
export interface Idle {
  readonly node: number
  readonly gateway: number
  readonly postgres: number
  readonly residentMegabytes: number
}

const SECONDS = 30

/** Watches the processes of a system that nobody uses. */
export const measureIdle = Effect.fnUntraced(function* (pids: Pids) {
  const used = () => [cpuMillis(pids.system), cpuMillis(pids.gateway), cpuMillisOfTree(pids.postgres)] as const
  yield* Effect.sleep("5 seconds")
  const before = used()
  yield* Effect.sleep(`${SECONDS} seconds`)
  const after = used()
  const percent = (n: 0 | 1 | 2) => (after[n] - before[n]) / SECONDS / 10
  return {
    node: percent(0),
    gateway: percent(1),
    postgres: percent(2),
    residentMegabytes: residentMegabytes(pids.system)
  } satisfies Idle
})
