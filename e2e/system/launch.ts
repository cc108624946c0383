import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findInstance, type InstanceRecord } from "@flowforge/embedded"
import { lastingPort, statusOf } from "@flowforge/testkit"
import { Effect, Option, type Scope } from "effect"
import { HEAP_FLAGS_OF_ONE_PROCESS } from "./heap-flags.ts"

const program = fileURLToPath(import.meta.resolve("@flowforge/embedded/main"))

/** FlowForge as a process of its own, which a test may kill and start again on the same folder and ports. */
export interface LaunchedSystem {
  readonly folder: string
  readonly publicUrl: string
  readonly managementUrl: string
  /** Starts it where it does not run, and waits until it is ready; answers where its parts are. */
  readonly start: () => Promise<InstanceRecord>
  /** Starts it where it does not run, and waits for nothing. */
  readonly launch: () => void
  /** Sends the signal and waits for the end of the process. */
  readonly end: (signal: NodeJS.Signals) => Promise<Ending>
  readonly pid: () => number | undefined
  /** What it printed since it was last started. */
  readonly output: () => string
}

/** How a process ended: with a code of its own, or by a signal. Neither, when it did not run. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
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
      return systemOn(folder, await lastingPort(), await lastingPort(), options)
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
  /** Another system on the same port would be ready, too. */
  const isUp = async (pid: number | undefined): Promise<boolean> =>
    (await statusOf(`${publicUrl}/health/ready`)) === 200 &&
    (await Effect.runPromise(Effect.option(findInstance(folder)))).pipe(
      Option.exists((instance) => instance.pid === pid)
    )
  const launch = (): ChildProcess => {
    if (child !== undefined) return child
    output = ""
    const launched = spawn(process.execPath, [...HEAP_FLAGS_OF_ONE_PROCESS, program], {
      env: {
        ...process.env,
        PORT: String(publicPort),
        MANAGEMENT_PORT: String(managementPort),
        FLOWFORGE_DATA: folder,
        ...options.environment
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    for (const stream of [launched.stdout, launched.stderr]) {
      stream.on("data", (chunk) => (output = `${output}${chunk}`.slice(-100_000)))
    }
    child = launched
    return launched
  }
  const start = async (): Promise<InstanceRecord> => {
    const launched = launch()
    const deadline = performance.now() + (options.patienceMillis ?? 120_000)
    while (!(await isUp(launched.pid))) {
      if (launched.exitCode !== null || launched.signalCode !== null) {
        throw new Error(`it ended at its start:\n${output}`)
      }
      if (performance.now() > deadline) throw new Error(`it was not ready in time:\n${output}`)
      await new Promise((wake) => setTimeout(wake, 25))
    }
    return Effect.runPromise(findInstance(folder))
  }
  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    const ending = child
    child = undefined
    if (ending === undefined) return { code: null, signal: null }
    if (ending.exitCode === null && ending.signalCode === null) {
      const ended = once(ending, "close")
      ending.kill(signal)
      await ended
    }
    return { code: ending.exitCode, signal: ending.signalCode }
  }
  return {
    folder,
    publicUrl,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    start,
    launch: () => void launch(),
    end,
    pid: () => child?.pid,
    output: () => output
  }
}
