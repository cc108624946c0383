import type { Idle } from "./idle.ts"
import type { Cpu } from "./processes.ts"
import type { Result } from "./rung.ts"

/** What a whole run saw. */
export interface Figures {
  readonly fullChain: Result
  readonly terminal: Result
  readonly hot: Result
  readonly best: Result
  readonly overload: Result
  readonly idle: Idle
  readonly startMillis: number
}

/** A figure to reach: the least that counts as done, and what would be ahead of every system of its kind. */
export interface Gate<Figures> {
  readonly what: string
  readonly gate: string
  readonly goal: string
  readonly seen: (figures: Figures) => string
  readonly isMet: (figures: Figures) => boolean
  /** What keeps it from being better, where no other page says so. */
  readonly limit?: string
}

/** A rate is carried when everything offered was taken and came to its end, and less than half a second of it is left at the end. */
export const isCarried = (result: Result): boolean =>
  result.refused + result.failed === 0 &&
  result.terminal === result.accepted &&
  result.accepted === result.asked &&
  result.openAtEnd * 2 < result.offered

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
export const carried = (result: Result): string =>
  `${result.terminalRate.toFixed(0)}/s, ${result.openAtEnd} open at the end${isCarried(result) ? "" : ": not carried"}`
export const percent = (value: number): string => `${value.toFixed(1)}%`
/** The payment company runs on Node as well, and is not FlowForge's to make cheaper at another's cost. */
export const nodeOf = (cpu: Cpu): number => cpu.system + cpu.gateway
/** What the servers used. */
export const beside = (cpu: Cpu, unit: (value: number) => string): string =>
  Object.entries(cpu.servers)
    .map(([name, used]) => `${name} ${unit(used)}`)
    .join(", ")
/** Of orders taken under overload, those that came to their end while it lasted, against the best rate. */
const goodput = ({ best, overload }: Figures): number => overload.terminalRate / best.terminalRate
const slowdown = ({ best, overload }: Figures): number => overload.toConfirmed.p99 / best.toConfirmed.p99

export const gates: ReadonlyArray<Gate<Figures>> = [
  {
    what: "orders/s to a terminal state, notifications to an instant stub",
    gate: "1,000",
    goal: "2,000",
    seen: ({ best, terminal }) => `${carried(terminal)}; best ${best.terminalRate.toFixed(0)}/s`,
    isMet: ({ terminal }) => isCarried(terminal)
  },
  {
    what: "full chain with receipts and mails",
    gate: "500/s",
    goal: "1,000/s",
    seen: ({ fullChain }) => `${carried(fullChain)}; ${fullChain.notifications} notified`,
    isMet: ({ fullChain }) => isCarried(fullChain)
  },
  {
    what: "POST acknowledged at 500/s, p50 / p99",
    gate: "4 / 20 ms",
    goal: "2 / 8 ms",
    seen: ({ fullChain }) => `${ms(fullChain.ack.p50)} / ${ms(fullChain.ack.p99)}`,
    isMet: ({ fullChain }) => fullChain.ack.p50 <= 4 && fullChain.ack.p99 <= 20
  },
  {
    what: "POST → CONFIRMED at 500/s, p50 / p99",
    gate: "50 / 200 ms",
    goal: "20 / 80 ms",
    seen: ({ fullChain }) => `${ms(fullChain.toConfirmed.p50)} / ${ms(fullChain.toConfirmed.p99)}`,
    isMet: ({ fullChain }) => fullChain.toConfirmed.p50 <= 50 && fullChain.toConfirmed.p99 <= 200
  },
  {
    what: "CPU per order of the Node processes at 1,000/s",
    gate: "1.2 ms",
    goal: "0.6 ms",
    seen: ({ terminal }) =>
      `${ms(nodeOf(terminal.cpu))} (FlowForge ${ms(terminal.cpu.system)}, gateway ${ms(terminal.cpu.gateway)}; beside: ${beside(terminal.cpu, ms)})`,
    isMet: ({ terminal }) => nodeOf(terminal.cpu) <= 1.2
  },
  {
    what: "flushes and WAL per order at 1,000/s",
    gate: "0.5; 10 KB",
    goal: "0.1; 6 KB",
    seen: ({ terminal }) => `${terminal.flushes.toFixed(2)}; ${terminal.walKilobytes.toFixed(1)} KB`,
    isMet: ({ terminal }) => terminal.flushes <= 0.5 && terminal.walKilobytes <= 10
  },
  {
    what: "one hot item at 1,000/s, stock for half of the orders: no oversell, exact stock-out",
    gate: "1,000/s",
    goal: "2,000/s",
    seen: ({ hot }) => `${carried(hot)}; ${hot.confirmed} sold of ${hot.asked / 2}`,
    isMet: ({ hot }) => isCarried(hot) && hot.confirmed === hot.asked / 2
  },
  {
    what: "three times overload: goodput against the best rate; p99 of what is accepted",
    gate: "85%; 3×",
    goal: "95%; 1.5×",
    seen: (figures) =>
      `${(goodput(figures) * 100).toFixed(0)}%; ${slowdown(figures).toFixed(1)}× (${figures.overload.refused} refused of ${figures.overload.asked})`,
    isMet: (figures) => goodput(figures) >= 0.85 && slowdown(figures) <= 3
  },
  {
    what: "idle, no traffic",
    gate: "2% of a core",
    goal: "1%",
    seen: ({ idle }) => `${percent(nodeOf(idle))} (beside: ${beside(idle, percent)})`,
    isMet: ({ idle }) => nodeOf(idle) <= 2
  },
  {
    what: "memory of the process after all of this",
    gate: "400 MB",
    goal: "250 MB",
    seen: ({ overload }) => `${overload.residentMegabytes.toFixed(0)} MB`,
    isMet: ({ overload }) => overload.residentMegabytes <= 400
  },
  {
    what: "start on an empty folder to the first CONFIRMED order",
    gate: "10 s",
    goal: "3 s",
    seen: ({ startMillis }) => `${(startMillis / 1000).toFixed(1)} s`,
    isMet: ({ startMillis }) => startMillis <= 10_000
  }
]
