import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findInstance, type InstanceRecord } from "@flowforge/embedded"
import { freePort } from "@flowforge/platform/child-process"
import { Effect, type Scope } from "effect"

const program = fileURLToPath(import.meta.resolve("@flowforge/embedded/main"))

/** FlowForge as a process of its own, which a test may kill and start again on the same folder and ports. */
export interface LaunchedSystem {
  readonly folder: string
  readonly publicUrl: string
  readonly managementUrl: string
  /** Starts it where it does not run, and waits until it is ready; answers where its parts are. */
  readonly start: () => Promise<InstanceRecord>
  /** Sends the signal and waits for the end of the process. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>
  readonly pid: () => number | undefined
  /** What it printed since it was last started. */
  readonly output: () => string
}

export interface LaunchOptions {
  /** Environment beside the ports and the folder. */
  readonly environment?: Readonly<Record<string, string>>
  /** How long a start may take. */
  readonly patienceMillis?: number
}

/** Prepares a system on a folder and ports of its own; both are cleared away with the scope. */
export const prepareSystem = (options: LaunchOptions = {}): Effect.Effect<LaunchedSystem, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "flowforge-system-"))
      // Run as root, PostgreSQL is another user, who must be let in.
      await chmod(folder, 0o755)
      return systemOn(folder, await freePort(), await freePort(), options)
    }),
    (system) =>
      Effect.promise(async () => {
        await system.end("SIGTERM")
        await rm(system.folder, { recursive: true, force: true })
      })
  )

/** A system on this folder and these ports, not started yet. */
export const systemOn = (
  folder: string,
  publicPort: number,
  managementPort: number,
  options: LaunchOptions = {}
): LaunchedSystem => {
  let child: ChildProcess | undefined
  let output = ""
  const publicUrl = `http://127.0.0.1:${publicPort}`
  const start = async (): Promise<InstanceRecord> => {
    if (child !== undefined) return Effect.runPromise(findInstance(folder))
    output = ""
    const started = spawn(process.execPath, [program], {
      env: {
        ...process.env,
        PORT: String(publicPort),
        MANAGEMENT_PORT: String(managementPort),
        FLOWFORGE_DATA: folder,
        ...options.environment
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (chunk) => (output = `${output}${chunk}`.slice(-100_000)))
    }
    const deadline = performance.now() + (options.patienceMillis ?? 60_000)
    while (!(await isReady(publicUrl))) {
      if (started.exitCode !== null || started.signalCode !== null) throw new Error(`it ended at its start:\n${output}`)
      if (performance.now() > deadline) throw new Error(`it was not ready in time:\n${output}`)
      await new Promise((wake) => setTimeout(wake, 25))
    }
    return Effect.runPromise(findInstance(folder))
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, "exit")
    ending.kill(signal)
    await ended
  }
  return {
    folder,
    publicUrl,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    start,
    end,
    pid: () => child?.pid,
    output: () => output
  }
}

const isReady = (publicUrl: string): Promise<boolean> =>
  fetch(`${publicUrl}/health/ready`).then(
    async (response) => {
      await response.body?.cancel()
      return response.status === 200
    },
    () => false
  )
