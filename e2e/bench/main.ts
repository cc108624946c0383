import { execFileSync } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { cpus, totalmem } from "node:os"
import { fileURLToPath } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import type { InstanceRecord } from "@flowforge/embedded"
import { layerPostgres } from "@flowforge/platform"
import { Console, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { prepareSystem } from "../system/launch.ts"
import { cpuMillis, cpuMillisOfTree, residentMegabytes } from "./processes.ts"
import { type Idle, renderPage, renderRow } from "./report.ts"
import { type Result, type Rung, runRung } from "./rung.ts"

const HELP = `npm run bench [-- --rounds N] [--seconds N] [--only NAME]

Open-loop load against an embedded system of its own, on a PostgreSQL with fsync on. Each rung runs N times (default 3)
for the given seconds (default 30); the median round is reported. Writes docs/benchmarks.md unless --only is given.`

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

const ROUNDS = Number(option("rounds") ?? 3)
const SECONDS = Number(option("seconds") ?? 30)
const ONLY = option("only")

/** Items that the bench itself puts on the shelves, so that no other order touches their stock. */
const HOT_ITEM = 900_001
const SOLD_OUT_ITEM = 900_002
const ORDINARY = Array.from({ length: 50 }, (_, i) => 910_001 + i)

const ordinary = { items: ORDINARY, soldOutItem: SOLD_OUT_ITEM, soldOutEvery: 50, token: "tok_load", connections: 128 }

/** Rungs that share one system; `notifications` says where receipts and mails go. */
interface Stage {
  readonly notifications: "folder" | "instant"
  readonly rungs: ReadonlyArray<Rung>
}

const stages: ReadonlyArray<Stage> = [
  { notifications: "folder", rungs: [{ ...ordinary, name: "full chain, 500/s", rate: 500, seconds: SECONDS }] },
  {
    notifications: "instant",
    rungs: [
      { ...ordinary, name: "to terminal, 1,000/s", rate: 1_000, seconds: SECONDS },
      {
        ...ordinary,
        name: "one hot item, 1,000/s",
        rate: 1_000,
        seconds: SECONDS,
        items: [HOT_ITEM],
        soldOutEvery: 0,
        token: "tok_ok"
      },
      { ...ordinary, name: "overload, 3,000/s", rate: 3_000, seconds: SECONDS, connections: 512 }
    ]
  }
]

const stockShelves = (rung: Rung) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.gen(function* () {
      const items = [...ORDINARY, HOT_ITEM, SOLD_OUT_ITEM]
      const stock = items.map((item) =>
        item === SOLD_OUT_ITEM ? 0 : item === HOT_ITEM ? (rung.rate * rung.seconds) / 2 : 100_000_000
      )
      yield* sql`DELETE FROM items WHERE id = ANY(${items}::int[])`
      yield* sql`INSERT INTO items (id, name, price, initial, available)
        SELECT id, 'Bench ' || id, 1999, stock, stock FROM unnest(${items}::int[], ${stock}::int[]) AS t(id, stock)`
    })
  )

const pidsOf = (instance: InstanceRecord) => {
  const of = (pattern: string) =>
    Number(execFileSync("pgrep", ["-o", "-P", String(instance.pid), "-f", pattern], { encoding: "utf8" }).trim())
  return { gateway: of("gateway-simulator"), postgres: of("postgres") }
}

const measureIdle = Effect.fnUntraced(function* (instance: InstanceRecord) {
  const { postgres } = pidsOf(instance)
  const seconds = 20
  yield* Effect.sleep("5 seconds")
  const before = [cpuMillis(instance.pid), cpuMillisOfTree(postgres)] as const
  yield* Effect.sleep(`${seconds} seconds`)
  return {
    node: (cpuMillis(instance.pid) - before[0]) / seconds / 10,
    postgres: (cpuMillisOfTree(postgres) - before[1]) / seconds / 10,
    residentMegabytes: residentMegabytes(instance.pid)
  } satisfies Idle
})

const medianByCpu = (results: ReadonlyArray<Result>): Result =>
  results.toSorted((a, b) => a.cpuNode - b.cpuNode)[Math.floor(results.length / 2)]!

const runStage = Effect.fnUntraced(function* (stage: Stage) {
  const results: Array<Result> = []
  const rungs = stage.rungs.filter((rung) => ONLY === undefined || rung.name.includes(ONLY))
  let idle: Idle | undefined
  if (rungs.length === 0 && ONLY !== "idle") return { results, idle }
  const system = yield* prepareSystem({ environment: { FLOWFORGE_NOTIFICATIONS: stage.notifications } })
  const instance = yield* Effect.promise(system.start)
  if (ONLY === undefined || ONLY === "idle") idle = yield* measureIdle(instance)
  const database = layerPostgres({
    url: Redacted.make(instance.postgresUrl),
    applicationName: "bench",
    maxConnections: 2
  })
  for (const rung of rungs) {
    const rounds: Array<Result> = []
    for (let round = 0; round < ROUNDS; round++) {
      const result = yield* stockShelves(rung).pipe(
        Effect.andThen(runRung(rung, instance, pidsOf(instance))),
        Effect.provide(database)
      )
      yield* Console.log(renderRow(result))
      rounds.push(result)
    }
    results.push(medianByCpu(rounds))
  }
  return { results, idle }
}, Effect.scoped)

const main = Effect.gen(function* () {
  if (process.argv.includes("--help")) return yield* Console.log(HELP)
  const ran = yield* Effect.forEach(stages, runStage)
  const page = renderPage({
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
    rounds: ROUNDS,
    seconds: SECONDS,
    results: ran.flatMap(({ results }) => results),
    idle: ran.find(({ idle }) => idle !== undefined)?.idle
  })
  yield* Console.log(page)
  if (ONLY !== undefined) return
  const file = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url))
  yield* Effect.promise(() => writeFile(file, page))
})

NodeRuntime.runMain(main)
