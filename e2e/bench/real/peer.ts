import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "@flowforge/platform/child-process"
import { launchGateway } from "@flowforge/testkit"
import { Console, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { layerDatabaseOf } from "../../system/at-rest.ts"
import { HEAP_FLAGS } from "../../system/heap-flags.ts"
import { TOPICS } from "../peers/kafkajs/events.ts"
import { makeKafka, PARTITIONS } from "../peers/kafkajs/messaging.ts"
import { childrenOf } from "../processes.ts"
import { renderRow } from "../report.ts"
import { type Result, type Rung, runRung, type Subject } from "../rung.ts"
import type { Stack } from "./stack.ts"

const file = (path: string) => fileURLToPath(new URL(`../peers/kafkajs/${path}`, import.meta.url))

const SERVICES = ["order", "payment", "inventory"] as const
export type PeerService = (typeof SERVICES)[number]

/** The plain kafkajs saga at work, on the servers of the stack and in a database of its own. */
export interface Peer {
  readonly run: (rung: Rung) => Effect.Effect<Result>
  readonly start: (service: PeerService) => Effect.Effect<void>
  readonly kill: (service: PeerService) => Effect.Effect<void>
  readonly makeTopics: Effect.Effect<void>
  /** Orders without an end, though nothing happens any more. */
  readonly forgotten: Effect.Effect<number>
  /** Holds stock and money against the orders that ended; dies when they do not agree. */
  readonly check: Effect.Effect<void>
}

const FORGOTTEN = "SELECT count(*)::int AS n FROM orders WHERE status = 'PENDING'"

/** Orders without an end, and money that is owed back. */
const UNSETTLED = `
  SELECT (SELECT count(*) FROM orders WHERE status = 'PENDING')::int
    + (SELECT count(*) FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE o.status = 'CANCELLED' AND p.status = 'captured')::int AS n`

const DISAGREEING = `
  SELECT (SELECT count(*) FROM orders o LEFT JOIN payments p ON p.order_id = o.id LEFT JOIN reservations r ON r.order_id = o.id
      WHERE (o.status = 'CONFIRMED') <> (p.status IS NOT DISTINCT FROM 'captured' AND r.status IS NOT DISTINCT FROM 'reserved')
        AND o.status <> 'PENDING')::int
    + (SELECT count(*) FROM items i WHERE i.initial - i.available <> (
        SELECT coalesce(sum(r.quantities[1]), 0) FROM reservations r WHERE r.status = 'reserved' AND r.item_ids[1] = i.id))::int AS n`

/** Makes its database and topics, and starts its processes. */
export const startPeer = Effect.fnUntraced(function* (stack: Stack) {
  const url = new URL(stack.postgresUrl)
  url.pathname = "/peer"
  const postgresUrl = url.toString()
  const database = { postgresUrl }
  const ask = (at: { readonly postgresUrl: string }, query: string) =>
    SqlClient.SqlClient.use((sql) => sql.unsafe<{ n: number }>(query)).pipe(
      Effect.map(([row]) => row?.n ?? 0),
      Effect.provide(layerDatabaseOf(at)),
      Effect.orDie
    )
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-peer-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  yield* ask(stack, "CREATE DATABASE peer")
  for (const statement of readFileSync(file("schema.sql"), "utf8").split(";\n")) yield* ask(database, statement)
  yield* ask(
    database,
    `INSERT INTO users SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n, n || '@example.com'
     FROM generate_series(1, 100) AS n`
  )
  const brokers = stack.outside.kafka.address
  const makeTopics = Effect.promise(async () => {
    const admin = makeKafka("bench", brokers).admin()
    await admin.connect()
    await admin.createTopics({
      topics: TOPICS.map((topic) => ({ topic, numPartitions: PARTITIONS })),
      waitForLeaders: false
    })
    await admin.disconnect()
  })
  yield* makeTopics

  const gateway = yield* launchGateway(fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main")), folder)
  const port = yield* Effect.promise(freePort)
  const running = new Map<PeerService, ChildProcess>()
  const kill = (service: PeerService) =>
    Effect.promise(async () => {
      const child = running.get(service)
      if (child === undefined || child.exitCode !== null) return
      const ended = once(child, "exit")
      child.kill("SIGKILL")
      await ended
    })
  const start = (service: PeerService) =>
    Effect.promise(async () => {
      const child = spawn(process.execPath, [...HEAP_FLAGS, file("main.ts"), service], {
        env: {
          DATABASE_URL: postgresUrl,
          KAFKA_BROKERS: brokers,
          GATEWAY_URL: gateway.url,
          PORT: String(port),
          NODE_ENV: "production",
          KAFKAJS_NO_PARTITIONER_WARNING: "1"
        },
        stdio: ["ignore", "pipe", "pipe"]
      })
      running.set(service, child)
      let complaints = ""
      child.stderr.on("data", (chunk) => (complaints = `${complaints}${chunk}`.slice(-2_000)))
      const ended = once(child, "exit").then(() => {
        throw new Error(`the saga's ${service} ended:\n${complaints}`)
      })
      await Promise.race([once(child.stdout, "data"), ended])
      ended.catch(() => {})
    })
  yield* Effect.addFinalizer(() => Effect.forEach(SERVICES, kill, { discard: true }))
  yield* Effect.forEach(SERVICES, start, { concurrency: "unbounded", discard: true })

  const subject: Subject = {
    publicUrl: `http://127.0.0.1:${port}`,
    pids: () => ({
      ...stack.pids(),
      system: childrenOf(process.pid, /peers\/kafkajs\/main\.ts$/u),
      gateway: gateway.child.pid ?? 0
    }),
    unfinished: UNSETTLED,
    patienceMillis: 30_000,
    notified: "SELECT 0 AS n WHERE $1::uuid[] IS NOT NULL"
  }
  return {
    run: (rung) =>
      runRung({ ...rung, name: `kafkajs saga: ${rung.name}` }, subject).pipe(
        Effect.tap((result) => Console.log(renderRow(result))),
        Effect.provide(layerDatabaseOf(database)),
        Effect.orDie
      ),
    start,
    kill,
    makeTopics,
    forgotten: ask(database, FORGOTTEN),
    check: Effect.flatMap(ask(database, DISAGREEING), (wrong) =>
      wrong === 0 ? Effect.void : Effect.die(new Error(`the kafkajs saga is wrong about ${wrong} orders or items`))
    )
  } satisfies Peer as Peer
})
