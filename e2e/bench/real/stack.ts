import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type LaunchedProcess, launchProcess, makeInstallation, runProcess, TestDatabase } from "@flowforge/testkit"
import { findOutside, type Outside, startOutside } from "@flowforge/testkit/outside"
import { startPostgres } from "@flowforge/testkit/postgres"
import { Effect, Layer, Redacted, Scope } from "effect"
import { HEAP_FLAGS } from "../../system/heap-flags.ts"
import type { ServiceName } from "../../system/programs.ts"
import { childrenOf, type Pids } from "../processes.ts"
import type { Subject } from "../rung.ts"

/** The full stack, with a hand on each of its processes. */
export interface Stack extends Pick<Subject, "publicUrl" | "pids"> {
  readonly managementUrl: () => string
  readonly postgresUrl: string
  readonly gatewayUrl: string
  /** Where receipts and mails are kept by a process that keeps them as files. */
  readonly folder: string
  readonly outside: Outside
  /** Starts one and waits until it is ready. */
  readonly start: (name: ServiceName, environment?: Readonly<Record<string, string>>) => Effect.Effect<void>
  readonly end: (name: ServiceName, signal: NodeJS.Signals) => Effect.Effect<void>
}

/** The two programs as the image has them, in a folder of their own. */
const bundle = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "flowforge-bundle-"))
    const script = fileURLToPath(new URL("../../../scripts/bundle.ts", import.meta.url))
    await promisify(execFile)(process.execPath, [script, join(folder, "dist")])
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** By TCP, as services on other machines would. */
const overTcp = (url: string): string => {
  const changed = new URL(url)
  changed.searchParams.delete("host")
  return changed.toString()
}

const pidsNow = (gateway: number): Pids => {
  const server = (word: RegExp) => childrenOf(process.pid, word)[0] ?? 0
  return {
    system: childrenOf(process.pid, /\/flowforge\.mjs$/u),
    gateway,
    servers: {
      PostgreSQL: server(/\/postgres$/u),
      Kafka: server(/^kafka\.Kafka$/u),
      Redis: server(/redis-server/u),
      S3: server(/versitygw$/u),
      "SES, SNS": server(/moto_server$/u)
    }
  }
}

/** Starts all servers, brings topics and schema into being, and starts no process yet. */
export const startServers = Effect.gen(function* () {
  const programs = yield* findOutside
  if ("missing" in programs) return yield* Effect.die(new Error(programs.missing.join("\n")))
  const scope = yield* Effect.scope
  const folder = yield* bundle
  const server = yield* startPostgres({ max_connections: "200" })
  const postgresUrl = overTcp(Redacted.value(server.url))
  const outside = yield* startOutside(programs)
  const dist = join(folder, "dist")
  const made = yield* makeInstallation({ gatewayProgram: join(dist, "gateway-simulator.mjs") }).pipe(
    Effect.provide(Layer.succeed(TestDatabase, { url: Redacted.make(postgresUrl), name: "postgres" }))
  )
  const gateway = childrenOf(process.pid, /gateway-simulator\.mjs$/u)[0] ?? 0
  const { DATABASE_CONNECTIONS: _, ...given } = made.environment
  const environment = { ...given, ...outside.environment }
  const program = join(dist, "flowforge.mjs")
  const running = new Map<ServiceName, LaunchedProcess>()

  const start = Effect.fnUntraced(function* (name: ServiceName, more: Readonly<Record<string, string>> = {}) {
    const launched = yield* Scope.provide(launchProcess(program, name, { ...environment, ...more }, HEAP_FLAGS), scope)
    running.set(name, launched)
    yield* Effect.orDie(launched.ready)
  })
  const end = (name: ServiceName, signal: NodeJS.Signals) =>
    Effect.suspend(() => Effect.asVoid(running.get(name)?.end(signal) ?? Effect.void))
  yield* runProcess(program, "prepare", environment)
  return {
    publicUrl: made.publicUrl,
    managementUrl: () => running.get("api")!.managementUrl,
    gatewayUrl: made.gatewayUrl,
    postgresUrl,
    folder: made.folder,
    outside,
    pids: () => pidsNow(gateway),
    start,
    end
  } satisfies Stack as Stack
})
