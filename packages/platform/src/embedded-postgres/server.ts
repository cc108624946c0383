import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Effect, Redacted, type Scope } from "effect"
import { superviseProcess } from "../child-process/index.ts"
import { claimFolder, initialise } from "./cluster.ts"
import { EmbeddedPostgresError, explain } from "./error.ts"
import { onFreePort } from "./on-free-port.ts"
import { clearTheWay, stopOrphan } from "./orphan.ts"
import { type Owner, ownerForPostgres } from "./owner.ts"
import { programsFor } from "./programs.ts"

export interface EmbeddedPostgresOptions {
  /** Where everything of this server lives: the cluster, its log, its password. The caller's alone. */
  readonly folder: string
  /** `postgresql.conf` settings given on the command line. */
  readonly settings?: Readonly<Record<string, string>>
  /** Finds a port of the loopback interface; asked again when that one turns out to be taken. Default: any free one. */
  readonly choosePort?: () => Promise<number>
}

export interface EmbeddedPostgres {
  readonly url: Redacted.Redacted
  /** The server's process now; another one after a crash. */
  readonly pid: () => number | undefined
}

/**
 * Initialises the cluster when there is none, starts it on a free port of the loopback interface, starts it again
 * when it dies, and stops it with the scope. A server left behind by a killed process is stopped first. Its durable
 * defaults (fsync, synchronous_commit) stay.
 *
 * The server runs in a session of its own, so that Ctrl-C in a terminal reaches only the process that owns it, which
 * then finishes its work before it stops the database.
 */
export const startEmbeddedPostgres = (
  options: EmbeddedPostgresOptions
): Effect.Effect<EmbeddedPostgres, EmbeddedPostgresError, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = resolve(options.folder)
    const owner = yield* ownerForPostgres
    const programs = yield* programsFor(owner)
    yield* claimFolder(folder, owner)
    yield* initialise(folder, programs, owner)
    yield* stopOrphan(folder)
    const settings = options.settings ?? {}
    const supervise = (port: number) =>
      superviseProcess({
        start: async () => {
          // After a crash its busy processes may outlive it, and hold the cluster.
          await clearTheWay(folder)
          return start({ program: programs.postgres, folder, port, owner, settings })
        },
        // SIGINT is PostgreSQL's fast shutdown; after SIGQUIT the next start recovers from the log.
        askToEnd: (child) => child.kill("SIGINT"),
        patienceMillis: 15_000,
        kill: "SIGQUIT"
      })
    const { server, port } = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => onFreePort(async (port) => ({ server: await supervise(port), port }), options.choosePort),
        catch: (cause) =>
          new EmbeddedPostgresError({ message: `PostgreSQL did not start: ${explain((cause as Error).message)}` })
      }),
      ({ server }) => Effect.promise(server.stop)
    )
    const password = yield* Effect.promise(() => readFile(join(folder, "password"), "utf8"))
    const url = `postgres://flowforge:${password.trim()}@127.0.0.1:${port}/postgres`
    return {
      url: Redacted.make(mayHoldSocket(folder) ? `${url}?host=${encodeURIComponent(folder)}` : url),
      pid: server.pid
    }
  })

/** What a socket's address may have, its own name (`.s.PGSQL.65535`) included: macOS takes 103 bytes, Linux 107. */
const MAX_SOCKET_PATH = 103

/** A local socket costs both ends less than the loopback interface, which stays open for tools. */
const mayHoldSocket = (folder: string): boolean =>
  process.platform !== "win32" && Buffer.byteLength(`${folder}/.s.PGSQL.65535`) <= MAX_SOCKET_PATH

interface Launch {
  readonly program: string
  readonly folder: string
  readonly port: number
  readonly owner: Owner | undefined
  readonly settings: Readonly<Record<string, string>>
}

const start = async ({ program, folder, port, owner, settings }: Launch): Promise<ChildProcess> => {
  const logPath = join(folder, "postgres.log")
  const log = openSync(logPath, "w", 0o640)
  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: mayHoldSocket(folder) ? folder : "",
    port: String(port),
    max_connections: "100",
    shared_buffers: "128MB",
    ...settings
  }
  const child = spawn(
    program,
    ["-D", join(folder, "cluster"), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...owner, cwd: folder, detached: true, stdio: ["ignore", log, log] }
  )
  closeSync(log)
  await ready(child, logPath)
  return child
}

const ready = async (child: ChildProcess, logPath: string): Promise<void> => {
  let ended: string | undefined
  child.once("error", (error) => (ended = error.message))
  child.once("exit", (code, signal) => (ended = `it ended (${code ?? signal})`))
  const deadline = performance.now() + 60_000
  for (;;) {
    const said = await readFile(logPath, "utf8").catch(() => "")
    if (ended !== undefined) throw new Error(`${ended}; its log ${logPath} ends with\n${said.slice(-1500)}`)
    if (said.includes("database system is ready to accept connections")) return
    if (performance.now() > deadline) {
      child.kill("SIGQUIT")
      throw new Error(`not ready after 60 s; see ${logPath}`)
    }
    await new Promise((wake) => setTimeout(wake, 10))
  }
}
