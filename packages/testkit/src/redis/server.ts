import { spawn } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { serverFolder } from "../server/folder.ts"
import { lastingPort } from "../server/lasting-port.ts"
import { says, type ServerProcess, startServerProcess } from "../server/process.ts"
import { selfSigned } from "../certificate.ts"
import { flushAll } from "./flush.ts"
import type { RedisProgram } from "./program.ts"

export interface RedisServerOptions {
  /** Asked of every client. */
  readonly password?: string
  /** Speaks TLS, and nothing else. */
  readonly tls?: boolean
}

/** A Redis of its own for a test, on one port for as long as it lives. It keeps nothing over a restart. */
export interface RedisServer extends ServerProcess {
  /** With the password, when there is one. */
  readonly url: string
  /** What signed its certificate, with `tls`. */
  readonly certificate: string | undefined
  /** Loses everything it holds. */
  readonly flush: Effect.Effect<void>
}

/** Starts a Redis that takes commands; it is gone, with its folder, when the scope closes. */
export const startRedis = (
  program: RedisProgram,
  options: RedisServerOptions = {}
): Effect.Effect<RedisServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* serverFolder("redis")
    const port = yield* Effect.promise(lastingPort)
    const certificate = options.tls === true ? selfSigned(folder) : undefined
    yield* Effect.promise(() =>
      writeFile(
        join(folder, "redis.conf"),
        [
          // The janitor knows the process by the folder in its title.
          `proc-title-template "{title} {config-file}"`,
          `bind 127.0.0.1`,
          `dir "${folder}"`,
          `save ""`,
          ...(options.password === undefined ? [] : [`requirepass "${options.password}"`]),
          ...(certificate === undefined
            ? [`port ${port}`]
            : [
                `port 0`,
                `tls-port ${port}`,
                `tls-cert-file "${certificate.certificateFile}"`,
                `tls-key-file "${certificate.keyFile}"`,
                `tls-auth-clients no`
              ])
        ].join("\n")
      )
    )
    const spawnServer = () =>
      spawn(program.command, [join(folder, "redis.conf")], {
        stdio: ["ignore", "pipe", "pipe"],
        ...(program.libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: program.libraries } })
      })
    const server = yield* startServerProcess(folder, spawnServer, says("redis-server", /ready to accept connections/iu))
    const scheme = certificate === undefined ? "redis" : "rediss"
    const credentials = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`
    return {
      ...server,
      url: `${scheme}://${credentials}127.0.0.1:${port}`,
      certificate: certificate?.certificate,
      flush: Effect.promise(() => flushAll(port, options.password, certificate?.certificate))
    }
  })
