import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { InstanceRecord } from "@flowforge/embedded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { LoadOptions, Sample } from "./load.ts"
import { cpuMillis, cpuMillisOfTree, type Pids, residentMegabytes } from "./processes.ts"
import { fillShelves } from "./rungs.ts"

/** What is run: a rate for a time. */
export interface Rung extends Omit<LoadOptions, "port" | "output" | "items" | "soldOutItem"> {
  readonly name: string
  /** Usual items, or the hot one with stock for half of the orders. */
  readonly sells: "usual" | "hot"
}

/** What was seen. Rates are per second, latencies milliseconds, CPU milliseconds an order. */
export interface Result {
  readonly name: string
  readonly offered: number
  readonly asked: number
  readonly accepted: number
  readonly refused: number
  readonly failed: number
  readonly terminal: number
  readonly terminalRate: number
  readonly confirmed: number
  readonly cancelled: number
  readonly openAtEnd: number
  readonly ack: { readonly p50: number; readonly p99: number }
  readonly toConfirmed: { readonly p50: number; readonly p99: number }
  readonly cpuNode: number
  readonly cpuGateway: number
  readonly cpuPostgres: number
  readonly residentMegabytes: number
  readonly walKilobytes: number
  readonly flushes: number
  readonly notifications: number
  /** Every order that got a 202: the audit asks for each. */
  readonly orderIds: ReadonlyArray<string>
}

const percentile = (sorted: ReadonlyArray<number>, p: number): number =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]!

const spread = (values: ReadonlyArray<number>) => {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

const generate = async (options: LoadOptions): Promise<ReadonlyArray<Sample>> => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./load.ts", import.meta.url)), JSON.stringify(options)],
    { stdio: "inherit" }
  )
  const [code] = await once(child, "exit")
  if (code !== 0) throw new Error(`the load generator ended with ${code}`)
  const samples = JSON.parse(await readFile(options.output, "utf8")) as ReadonlyArray<Sample>
  await rm(options.output)
  return samples
}

interface Counters {
  readonly wal: number
  readonly flushes: number
}

const counters = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Counters>`
    SELECT (pg_current_wal_lsn() - '0/0')::float8 AS wal,
      (SELECT coalesce(sum(fsyncs), 0)::float8 FROM pg_stat_io WHERE object = 'wal') AS flushes`
  return row!
})

/** Orders that are not at their end, ended ones whose customer has not been told, and payments that owe a refund. */
const unfinished = SqlClient.SqlClient.use(
  (sql) => sql<{ n: number }>`
    SELECT (SELECT count(*) FROM orders)::int - (
      SELECT count(DISTINCT order_id) FROM notifications WHERE status <> 'claimed')::int
      + (SELECT count(*) FROM payments WHERE next_attempt_at IS NOT NULL)::int AS n`
).pipe(Effect.map((rows) => rows[0]!.n))

const open = SqlClient.SqlClient.use(
  (sql) => sql<{ n: number }>`SELECT count(*)::int AS n FROM orders WHERE status = 'PENDING'`
).pipe(Effect.map((rows) => rows[0]!.n))

const SETTLING_MILLIS = 60_000

/** Runs one rung against a running system and measures it from outside: its processes, its database, its clients. */
export const runRung = Effect.fnUntraced(function* (rung: Rung, instance: InstanceRecord, pids: Pids) {
  const sql = yield* SqlClient.SqlClient
  const shelves = yield* fillShelves((rung.rate * rung.seconds) / 2)
  const before = yield* counters
  const cpuBefore = [cpuMillis(pids.system), cpuMillis(pids.gateway), cpuMillisOfTree(pids.postgres)] as const
  const samples = yield* Effect.promise(() =>
    generate({
      ...rung,
      items: rung.sells === "hot" ? [shelves.hot] : shelves.usual,
      soldOutItem: shelves.soldOut,
      port: Number(new URL(instance.publicUrl).port),
      output: join(tmpdir(), `flowforge-load-${process.pid}.json`)
    })
  )
  const openAtEnd = yield* open
  const resident = residentMegabytes(pids.system)
  const settleBy = performance.now() + SETTLING_MILLIS
  while ((yield* unfinished) > 0 && performance.now() < settleBy) yield* Effect.sleep("250 millis")
  const cpuAfter = [cpuMillis(pids.system), cpuMillis(pids.gateway), cpuMillisOfTree(pids.postgres)] as const
  const after = yield* counters

  const acceptedSamples = samples.filter((sample) => sample[2] === 202)
  const dueAt = new Map(acceptedSamples.map((sample) => [sample[3], sample[0]]))
  const ends = yield* sql<{ order_id: string; state: string; at: number }>`
    SELECT order_id, state, extract(epoch FROM at)::float8 * 1000 AS at FROM order_history
    WHERE state IN ('CONFIRMED', 'CANCELLED') AND order_id = ANY(${[...dueAt.keys()]}::uuid[])`
  const confirmed = ends.filter((end) => end.state === "CONFIRMED")
  const [sent] = yield* sql<{ n: number }>`
    SELECT count(*)::int AS n FROM notifications WHERE status = 'sent' AND order_id = ANY(${[...dueAt.keys()]}::uuid[])`
  const firstDue = Math.min(...dueAt.values())
  const lastEnd = Math.max(...ends.map((end) => end.at))
  const orders = Math.max(1, acceptedSamples.length)
  return {
    name: rung.name,
    offered: rung.rate,
    asked: samples.length,
    accepted: acceptedSamples.length,
    refused: samples.filter((sample) => sample[2] === 429 || sample[2] === 503).length,
    failed: samples.filter((sample) => ![202, 429, 503].includes(sample[2])).length,
    terminal: ends.length,
    terminalRate: ends.length / Math.max(rung.seconds, (lastEnd - firstDue) / 1000),
    confirmed: confirmed.length,
    cancelled: ends.length - confirmed.length,
    openAtEnd,
    ack: spread(acceptedSamples.map((sample) => sample[1])),
    toConfirmed: spread(confirmed.map((end) => end.at - dueAt.get(end.order_id)!)),
    cpuNode: (cpuAfter[0] - cpuBefore[0]) / orders,
    cpuGateway: (cpuAfter[1] - cpuBefore[1]) / orders,
    cpuPostgres: (cpuAfter[2] - cpuBefore[2]) / orders,
    residentMegabytes: resident,
    walKilobytes: (after.wal - before.wal) / 1024 / orders,
    flushes: (after.flushes - before.flushes) / orders,
    notifications: sent!.n,
    orderIds: [...dueAt.keys()]
  } satisfies Result
})
