import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

/** What a test does to a server. */
export interface ServerProcess {
  readonly start: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  /** Connections stay, nothing is answered any more. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

/** Starts a server that keeps to this folder, and waits until it is up. It is killed with the scope. */
export const startServerProcess = (
  folder: string,
  spawnServer: () => ChildProcess,
  isUp: (child: ChildProcess) => Effect.Effect<void>
): Effect.Effect<ServerProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    let running: ChildProcess | undefined
    const end = (signal: NodeJS.Signals) =>
      Effect.promise(async () => {
        const child = running
        running = undefined
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, "exit")
        child.kill(signal)
        await ended
      })
    const start = Effect.suspend(() => {
      const child = spawnServer()
      running = child
      // At once: it has to be found, too, when the run is killed before the server is up.
      writeFileSync(join(folder, "pid"), `${child.pid}\n`)
      return isUp(child)
    })
    yield* Effect.acquireRelease(start, () => end("SIGKILL"))
    return {
      start,
      stop: end("SIGTERM"),
      kill: end("SIGKILL"),
      freeze: Effect.sync(() => running?.kill("SIGSTOP")),
      thaw: Effect.sync(() => running?.kill("SIGCONT"))
    }
  })

/** Waits until a server says, on either of its pipes, that it is up; dies with its first complaint and what it said last when it ends instead. */
export const says = (name: string, pattern: RegExp) => (child: ChildProcess) =>
  Effect.promise(
    () =>
      new Promise<void>((done, fail) => {
        let said = ""
        let complaint = ""
        const listen = (chunk: unknown) => {
          said = `${said}${String(chunk)}`.slice(-4000)
          complaint ||= /^.*(?:\b(?:ERROR|FATAL)\b|Exception)[^]*/mu.exec(said)?.[0] ?? ""
          if (pattern.test(said)) done()
        }
        child.stdout?.on("data", listen)
        child.stderr?.on("data", listen)
        child.once("error", fail)
        child.once("exit", (code, signal) =>
          fail(new Error(`${name} ended (${code ?? signal}): ${complaint.slice(0, 2000)}\n…\n${said}`))
        )
      })
  )
