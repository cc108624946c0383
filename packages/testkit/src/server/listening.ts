import { spawn } from "node:child_process"
import { connect } from "node:net"
import { lastingPort } from "./lasting-port.ts"
import { Effect, type Scope } from "effect"
import { eventually } from "../eventually.ts"
import { serverFolder } from "./folder.ts"
import { type ServerProcess, startServerProcess } from "./process.ts"

export interface ServerControls extends ServerProcess {
  readonly url: string
  readonly folder: string
}

export interface ServerCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Record<string, string>
}

/** Starts a server on a free port with a folder of its own, and waits until it listens. */
export const startServer = (
  name: string,
  commandOf: (at: { readonly port: number; readonly folder: string }) => ServerCommand
): Effect.Effect<ServerControls, never, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* Effect.promise(lastingPort)
    const folder = yield* serverFolder(name, String(port))
    const spawnServer = () => {
      const { args, command, env } = commandOf({ port, folder })
      const child = spawn(command, args, { cwd: folder, env: { PATH: process.env["PATH"], ...env }, stdio: "ignore" })
      child.once("error", () => {})
      return child
    }
    const isUp = () => Effect.orDie(eventually(`${name} listens`, isListening(port)))
    const server = yield* startServerProcess(folder, spawnServer, isUp)
    return { ...server, url: `http://127.0.0.1:${port}`, folder }
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
