import { beside, carried, type Gate, isCarried, ms, nodeOf, percent } from "../gates.ts"
import type { Idle } from "../idle.ts"
import type { Result } from "../rung.ts"
import type { Drain } from "./drain.ts"
import type { Recovery } from "./kills.ts"
import type { Wipe } from "./wipe.ts"

/** What a run of the full stack saw. */
export interface RealFigures {
  readonly drain: Drain
  readonly idle: Idle
  readonly chain: Result
  readonly at500: Result
  readonly at1000: Result
  readonly best: Result
  readonly told: Told
  readonly kills: ReadonlyArray<Recovery>
  readonly wipe: Wipe
  /** Of all Node processes of FlowForge at their most: megabytes. */
  readonly residentMegabytes: number
}

/** The customers of orders that had ended without being told were told afterwards. */
export interface Told {
  readonly orders: number
  readonly rate: number
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`
const sorted = (kills: ReadonlyArray<Recovery>) => kills.toSorted((a, b) => a.millis - b.millis)
/** Of so few it is the longest. */
const p99 = (kills: ReadonlyArray<Recovery>): number => sorted(kills).at(-1)?.millis ?? Number.NaN
const median = (kills: ReadonlyArray<Recovery>): number => sorted(kills)[kills.length >> 1]?.millis ?? Number.NaN
const lost = (kills: ReadonlyArray<Recovery>): number => kills.reduce((sum, kill) => sum + kill.lost, 0)

export const realGates: ReadonlyArray<Gate<RealFigures>> = [
  {
    what: "orders/s to a terminal state; customers are told afterwards",
    gate: "1,000",
    goal: "2,000",
    seen: ({ at1000, best }) => `${carried(at1000)}; best carried ${best.terminalRate.toFixed(0)}/s`,
    isMet: ({ at1000 }) => isCarried(at1000),
    limit: "the two cores: four Node processes, Kafka, PostgreSQL and the load generator share them"
  },
  {
    what: "POST → CONFIRMED at 500/s, p50 / p99",
    gate: "50 / 200 ms",
    goal: "20 / 80 ms",
    seen: ({ at500 }) => `${ms(at500.toConfirmed.p50)} / ${ms(at500.toConfirmed.p99)}`,
    isMet: ({ at500 }) => at500.toConfirmed.p50 <= 50 && at500.toConfirmed.p99 <= 200,
    limit:
      "three hops over Kafka, each a look at the outbox, a produce, a fetch and two commits, which all wait for a processor"
  },
  {
    what: "CPU per order of the Node processes at 1,000/s",
    gate: "1.2 ms",
    goal: "0.6 ms",
    seen: ({ at1000 }) =>
      `${ms(nodeOf(at1000.cpu))} (FlowForge ${ms(at1000.cpu.system)}, gateway ${ms(at1000.cpu.gateway)}; beside: ${beside(at1000.cpu, ms)})`,
    isMet: ({ at1000 }) => nodeOf(at1000.cpu) <= 1.2,
    limit:
      "writing to sockets: a fifth of `order` and `inventory` goes into it, three times as much of that to PostgreSQL as to Kafka"
  },
  {
    what: "full chain, receipts in S3, mails and SMS by the stand-ins, at 50/s",
    gate: "–",
    goal: "–",
    seen: ({ chain }) =>
      `${carried(chain)}; ${chain.notifications} notified; ${ms(nodeOf(chain.cpu))} of Node an order`,
    isMet: ({ chain }) => isCarried(chain),
    limit: "the stand-ins: 150 to 300 calls a second, three calls an order"
  },
  {
    what: "customers told of orders that had piled up, receipts and mails as files",
    gate: "500/s",
    goal: "1,000/s",
    seen: ({ told }) => `${told.rate.toFixed(0)} orders/s (${told.orders} orders)`,
    isMet: ({ told }) => told.rate >= 500,
    limit: "one member, 16 calls at once"
  },
  {
    what: "idle, no traffic, all services on Kafka",
    gate: "5% of a core",
    goal: "3%",
    seen: ({ idle }) => `${percent(idle.system)} (gateway ${percent(idle.gateway)}; beside: ${beside(idle, percent)})`,
    isMet: ({ idle }) => idle.system <= 5,
    limit:
      "what is asked though nothing came: fetches and looks at the outbox, heartbeats; each wakes a process that its caches have forgotten"
  },
  {
    what: "memory of all Node processes together, at its most",
    gate: "900 MB",
    goal: "500 MB",
    seen: ({ idle, residentMegabytes }) =>
      `${residentMegabytes.toFixed(0)} MB (idle ${idle.residentMegabytes.toFixed(0)} MB)`,
    isMet: ({ residentMegabytes }) => residentMegabytes <= 900,
    limit: "each process may let its heap grow to 256 MB before it collects in earnest"
  },
  {
    what: "outbox drain to Kafka, one relay",
    gate: "20,000/s",
    goal: "30,000/s",
    seen: ({ drain }) =>
      `${drain.rate.toFixed(0)}/s (${drain.rows} rows; ${drain.cpuMicros.toFixed(0)} µs of Node each)`,
    isMet: ({ drain }) => drain.rate >= 20_000,
    limit: "the CPU of one process: a row is read and decoded, and encoded for Kafka"
  },
  {
    what: "all of Kafka's data lost under load: none lost, whole again",
    gate: "120 s",
    goal: "60 s",
    seen: ({ wipe }) =>
      `${wipe.lost} lost, ${seconds(wipe.millis)} (the messages of ${wipe.orders} orders in the tables)`,
    isMet: ({ wipe }) => wipe.lost === 0 && wipe.millis <= 120_000,
    limit: "noticing, within 10 s, and reading the whole outbox for what a group lacks"
  },
  {
    what: "recovery after kill -9 of one process, p99",
    gate: "20 s",
    goal: "10 s",
    seen: ({ kills }) =>
      `${seconds(p99(kills))}, median ${seconds(median(kills))}; ${lost(kills)} lost (${kills.length} kills, so the p99 is the longest)`,
    isMet: ({ kills }) => p99(kills) <= 20_000 && lost(kills) === 0,
    limit: "the session of a killed member, 10 s, during which it keeps its partitions"
  }
]
