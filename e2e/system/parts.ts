import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/** The first process of the PostgreSQL on this data folder. */
export const postgresOf = async (folder: string): Promise<number> =>
  Number((await readFile(join(folder, "postgres", "cluster", "postmaster.pid"), "utf8")).split("\n")[0])

/** The payment company that a system runs as its child. */
export const gatewayOf = async (system: number): Promise<number> => {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,command="])
  const line = stdout.split("\n").find((process) => {
    const [, parent] = process.trim().split(/\s+/u)
    return Number(parent) === system && process.includes("gateway-simulator")
  })
  if (line === undefined) throw new Error(`process ${system} has no payment company`)
  return Number(line.trim().split(/\s+/u)[0])
}
