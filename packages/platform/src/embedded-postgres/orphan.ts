import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { EmbeddedPostgresError } from "./error.ts"

/** A server whose owner was killed goes on by itself; it is stopped, so that a new one can be started. */
export const stopOrphan = (folder: string): Effect.Effect<void, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: async () => {
      const cluster = join(folder, "cluster")
      const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "")
      const pid = Number(text.split("\n")[0])
      if (!Number.isInteger(pid) || pid <= 0 || !(await runsCluster(pid, cluster))) return
      send(pid, "SIGINT")
      const impatientAt = performance.now() + 10_000
      while (isAlive(pid)) {
        if (performance.now() > impatientAt) send(pid, "SIGQUIT")
        await new Promise((wake) => setTimeout(wake, 20))
      }
    },
    catch: (cause) =>
      new EmbeddedPostgresError({
        message: `A PostgreSQL left behind by an earlier run could not be stopped: ${(cause as Error).message}`
      })
  })

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

/** Process ids are used again: only a process that names the cluster on its command line is its server. */
const runsCluster = async (pid: number, cluster: string): Promise<boolean> => {
  if (!isAlive(pid)) return false
  if (process.platform !== "linux") return true
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return commandLine.includes(cluster)
}
