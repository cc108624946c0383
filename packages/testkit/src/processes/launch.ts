import { spawn } from "node:child_process"
import { once } from "node:events"
import { freePort } from "@flowforge/platform/child-process"
import { Effect, type Scope } from "effect"
import { atTheEnd } from "../at-the-end.ts"
import { eventually } from "../eventually.ts"

/** How a process ended: with a code of its own, or by a signal. */
export interface ProcessEnding {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process as an orchestrator sees it: what it prints, its management port, how it ends. */
export interface LaunchedProcess {
  readonly managementUrl: string
  readonly output: () => string
  /** Waits until it has printed this. */
  readonly says: (text: string) => Effect.Effect<void, Error>
  readonly ready: Effect.Effect<void, Error>
  /** Stops it in the middle of whatever it does, until it is thawed. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  readonly end: (signal: NodeJS.Signals) => Effect.Effect<ProcessEnding>
  /** Waits until it ends by itself. */
  readonly ended: Effect.Effect<ProcessEnding>
}

/**
 * Starts `program` with a process's name as its argument, this environment and no other, and a management port of its
 * own. It is killed with the scope where it still runs then.
 */
export const launchProcess = (
  program: string,
  name: string,
  environment: Readonly<Record<string, string>>,
  nodeFlags: ReadonlyArray<string> = []
): Effect.Effect<LaunchedProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const port = await freePort()
      const child = spawn(process.execPath, [...nodeFlags, program, name], {
        env: { FLOWFORGE_HOST: "127.0.0.1", MANAGEMENT_PORT: String(port), ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const closed = once(child, "close")
      const guard = atTheEnd('kill -9 "$1"', String(child.pid))
      child.once("exit", () => guard.kill("SIGKILL"))
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
      const ended = Effect.promise(async (): Promise<ProcessEnding> => {
        await closed
        return { code: child.exitCode, signal: child.signalCode }
      })
      return {
        managementUrl: `http://127.0.0.1:${port}`,
        output: () => output,
        says: (text: string) =>
          eventually(
            `${name} says "${text}"`,
            Effect.sync(() => output.includes(text)),
            "30 seconds"
          ),
        ready: eventually(
          `${name} is ready`,
          Effect.promise(async () => {
            if (child.exitCode !== null) throw new Error(`${name} ended:\n${output}`)
            return (await statusOf(`http://127.0.0.1:${port}/health/ready`)) === 200
          }),
          "120 seconds"
        ),
        freeze: Effect.sync(() => child.kill("SIGSTOP")),
        thaw: Effect.sync(() => child.kill("SIGCONT")),
        end: (signal: NodeJS.Signals) =>
          Effect.andThen(
            Effect.sync(() => child.kill(signal)),
            ended
          ),
        ended
      }
    }),
    ({ end }) => end("SIGKILL")
  )

/** Runs a process that ends by itself, such as `prepare`; dies with all it said unless it ends well. */
export const runProcess = (...launched: Parameters<typeof launchProcess>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { ended, output } = yield* launchProcess(...launched)
    const { code, signal } = yield* ended
    if (code !== 0) return yield* Effect.die(new Error(`${launched[1]} ended with ${code ?? signal}:\n${output()}`))
  }).pipe(Effect.scoped)

/** The status of an answer, 0 where there is none. */
export const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    async (response) => {
      await response.body?.cancel()
      return response.status
    },
    () => 0
  )
