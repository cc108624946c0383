import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { LoadOptions, Sample } from "./load.ts"
import { type Cpu, cpuBetween, cpuOf, type Pids, residentMegabytes } from "./processes.ts"
import { fillShelves } from "./rungs.ts"

/** What is run: a rate for a time. */
export interface Rung extends Omit<LoadOptions, "port" | "output" | "items" | "soldOutItem"> {
  readonly name: string
  /** Usual items, or the hot one with stock for half of the orders. */
  readonly sells: "usual" | "hot"
}

/** What is measured, seen from outside. */
export interface Subject {
  readonly publicUrl: string
  /** Asked anew each time: where a process was killed there is another one. */
  readonly pids: () => Pids
  /** A query for what it has still to do: one row, `n`. */
  readonly unfinished: string
  /** How long it may take to be done after the load: milliseconds. */
  readonly patienceMillis: number
  /** A query for how many of the orders `$1` have had their notifications sent, counted one by one: one row, `n`. */
  readonly notified: string
}

export const NOTIFIED =
  "SELECT count(*)::int AS n FROM notifications WHERE status = 'sent' AND order_id = ANY($1::uuid[])"

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
  /** How long the slowest order took to its end. */
  readonly slowest: number
  readonly cpu: Cpu
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

const asked = Effect.fnUntraced(function* (query: string, ...parameters: ReadonlyArray<unknown>) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe<{ n: number }>(query, parameters)
  return row!.n
})

const OPEN = "SELECT count(*)::int AS n FROM orders WHERE status = 'PENDING'"

/** Runs one rung against a running system and measures it from outside: its processes, its database, its clients. */
export const runRung = Effect.fnUntraced(function* (rung: Rung, subject: Subject) {
  const sql = yield* SqlClient.SqlClient
  const shelves = yield* fillShelves((rung.rate * rung.seconds) / 2)
  const before = yield* counters
  const cpuBefore = cpuOf(subject.pids())
  const samples = yield* Effect.promise(() =>
    generate({
      ...rung,
      items: rung.sells === "hot" ? [shelves.hot] : shelves.usual,
      soldOutItem: shelves.soldOut,
      port: Number(new URL(subject.publicUrl).port),
      output: join(tmpdir(), `flowforge-load-${process.pid}.json`)
    })
  )
  const openAtEnd = yield* asked(OPEN)
  const resident = residentMegabytes(subject.pids().system)
  const settleBy = performance.now() + subject.patienceMillis
  while ((yield* asked(subject.unfinished)) > 0 && performance.now() < settleBy) yield* Effect.sleep("250 millis")
  const cpuAfter = cpuOf(subject.pids())
  const after = yield* counters

  const acceptedSamples = samples.filter((sample) => sample[2] === 202)
  const dueAt = new Map(acceptedSamples.map((sample) => [sample[3], sample[0]]))
  const ends = yield* sql<{ order_id: string; state: string; at: number }>`
    SELECT order_id, state, extract(epoch FROM at)::float8 * 1000 AS at FROM order_history
    WHERE state IN ('CONFIRMED', 'CANCELLED') AND order_id = ANY(${[...dueAt.keys()]}::uuid[])`
  const confirmed = ends.filter((end) => end.state === "CONFIRMED")
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
    slowest: Math.max(0, ...ends.map((end) => end.at - dueAt.get(end.order_id)!)),
    cpu: cpuBetween(cpuBefore, cpuAfter, orders),
    residentMegabytes: resident,
    walKilobytes: (after.wal - before.wal) / 1024 / orders,
    flushes: (after.flushes - before.flushes) / orders,
    notifications: yield* asked(subject.notified, [...dueAt.keys()]),
    orderIds: [...dueAt.keys()]
  } satisfies Result
})
