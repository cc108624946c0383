import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "@flowforge/platform/child-process"
import { Effect, type Scope } from "effect"
import { eventually } from "../eventually.ts"
import { leaveServerJanitor } from "./janitor.ts"

export interface ServerControls {
  readonly url: string
  readonly folder: string
  readonly start: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  /** Connections stay, nothing is answered any more. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

export interface ServerCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Record<string, string>
}

/** Starts a server on a free port with a folder of its own; both are gone when the scope closes, or the run is killed. */
export const startServer = (
  name: string,
  commandOf: (at: { readonly port: number; readonly folder: string }) => ServerCommand
): Effect.Effect<ServerControls, never, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* Effect.promise(freePort)
    const folder = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = await mkdtemp(join(tmpdir(), `flowforge-${name}-`))
        leaveServerJanitor(made, String(port))
        return made
      }),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
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
    const start = Effect.gen(function* () {
      const { args, command, env } = commandOf({ port, folder })
      const child = spawn(command, args, { cwd: folder, env: { PATH: process.env["PATH"], ...env }, stdio: "ignore" })
      running = child
      child.once("error", () => {})
      yield* Effect.promise(() => writeFile(join(folder, "pid"), `${child.pid}\n`))
      yield* Effect.orDie(eventually(`${name} listens`, isListening(port)))
    })
    yield* Effect.acquireRelease(start, () => end("SIGKILL"))
    return {
      url: `http://127.0.0.1:${port}`,
      folder,
      start,
      stop: end("SIGTERM"),
      kill: end("SIGKILL"),
      freeze: Effect.sync(() => running?.kill("SIGSTOP")),
      thaw: Effect.sync(() => running?.kill("SIGCONT"))
    }
  })

const isListening = (port: number): Effect.Effect<boolean> =>
  Effect.promise(
    () =>
      new Promise((done) => {
        const socket = connect({ host: "127.0.0.1", port })
        socket.once("connect", () => done((socket.destroy(), true)))
        socket.once("error", () => done(false))
      })
  )
