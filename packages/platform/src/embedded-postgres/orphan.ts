import { execFile } from "node:child_process"
import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { EmbeddedPostgresError } from "./error.ts"

const run = promisify(execFile)

/**
 * A server whose owner was killed goes on by itself; it is stopped, and what a killed server left in the way of the
 * next one is cleared away. The folder is the caller's alone, so nobody else can be starting one.
 */
export const stopOrphan = (folder: string): Effect.Effect<void, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: () => clearTheWay(folder),
    catch: (cause) =>
      new EmbeddedPostgresError({
        message: `A PostgreSQL left behind by an earlier run could not be stopped: ${(cause as Error).message}`
      })
  })

/** A fast shutdown may take this long, until all processes are told to leave at once; after twice this they are killed. */
const PATIENCE_MILLIS = 10_000

/** {@link stopOrphan} as a promise. */
export const clearTheWay = async (folder: string): Promise<void> => {
  const cluster = await realpath(join(folder, "cluster")).catch(() => undefined)
  if (cluster === undefined) return
  const lockFile = join(cluster, "postmaster.pid")
  const postmaster = Number((await readFile(lockFile, "utf8").catch(() => "")).split("\n")[0])
  const startedAt = performance.now()
  let sent: NodeJS.Signals | undefined
  for (;;) {
    const alive = await processesOf(cluster, postmaster)
    if (alive.length === 0) break
    const waited = performance.now() - startedAt
    // Without its first process nothing shuts the others down in order; the log has all that was committed.
    const first: NodeJS.Signals = alive.includes(postmaster) ? "SIGINT" : "SIGQUIT"
    const due = waited < PATIENCE_MILLIS ? (sent ?? first) : waited < 2 * PATIENCE_MILLIS ? "SIGQUIT" : "SIGKILL"
    if (waited > 3 * PATIENCE_MILLIS) throw new Error(`process ${alive.join(", ")} does not end. End it by hand.`)
    if (due !== sent) for (const pid of due === "SIGINT" ? [postmaster] : alive) send(pid, due)
    sent = due
    await new Promise((wake) => setTimeout(wake, 20))
  }
  // PostgreSQL takes a process that is dead but not reaped yet, or another program with the same id, for a server.
  if (process.platform === "linux") await rm(lockFile, { force: true })
}

/** The living processes of the server on this cluster. A dead one that nobody has reaped yet has no folder any more. */
const processesOf = async (cluster: string, postmaster: number): Promise<ReadonlyArray<number>> => {
  if (process.platform !== "linux") return (await namesCluster(postmaster, cluster)) ? [postmaster] : []
  const pids = (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0)
  const inCluster = await Promise.all(
    pids.map(async (pid) => {
      // Others' processes may not be looked into: they are not ours to end either.
      if ((await readlink(`/proc/${pid}/cwd`).catch(() => "")) !== cluster) return false
      // Not the shell of somebody who looks around in there.
      return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim() === "postgres"
    })
  )
  return pids.filter((_, n) => inCluster[n])
}

/** Process ids are used again: only a process that names the cluster on its command line is its server. */
const namesCluster = async (pid: number, cluster: string): Promise<boolean> => {
  if (!Number.isInteger(pid) || pid <= 0) return false
  const { stdout } = await run("ps", ["-p", String(pid), "-o", "command="]).catch(() => ({ stdout: "" }))
  return stdout.includes(cluster)
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
