import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "@flowforge/platform/child-process"
import { Effect, type Scope } from "effect"
import { selfSigned } from "./certificate.ts"
import { flushAll } from "./flush.ts"
import { leaveRedisJanitor } from "./janitor.ts"
import type { RedisProgram } from "./program.ts"

export interface RedisServerOptions {
  /** Asked of every client. */
  readonly password?: string
  /** Speaks TLS, and nothing else. */
  readonly tls?: boolean
}

/** A Redis of its own for a test, on one port for as long as it lives. It keeps nothing over a restart. */
export interface RedisServer {
  /** With the password, when there is one. */
  readonly url: string
  /** What signed its certificate, with `tls`. */
  readonly certificate: string | undefined
  readonly start: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  /** Connections stay, nothing is answered any more. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Loses everything it holds. */
  readonly flush: Effect.Effect<void>
}

/** Starts a Redis that takes commands; it is gone, with its folder, when the scope closes. */
export const startRedis = (
  program: RedisProgram,
  options: RedisServerOptions = {}
): Effect.Effect<RedisServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = await mkdtemp(join(tmpdir(), "flowforge-redis-"))
        leaveRedisJanitor(made)
        return made
      }),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
    const port = yield* Effect.promise(freePort)
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
    const start = Effect.promise(async () => {
      running = await launch(program, folder)
    })
    yield* Effect.acquireRelease(start, () => end("SIGKILL"))
    const scheme = certificate === undefined ? "redis" : "rediss"
    const credentials = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`
    return {
      url: `${scheme}://${credentials}127.0.0.1:${port}`,
      certificate: certificate?.certificate,
      start,
      stop: end("SIGTERM"),
      kill: end("SIGKILL"),
      freeze: Effect.sync(() => running?.kill("SIGSTOP")),
      thaw: Effect.sync(() => running?.kill("SIGCONT")),
      flush: Effect.promise(() => flushAll(port, options.password, certificate?.certificate))
    }
  })

/** Answers once the server takes commands. */
const launch = (program: RedisProgram, folder: string): Promise<ChildProcess> =>
  new Promise((done, fail) => {
    const child = spawn(program.command, [join(folder, "redis.conf")], {
      stdio: ["ignore", "pipe", "pipe"],
      ...(program.libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: program.libraries } })
    })
    // At once, for the janitor.
    writeFileSync(join(folder, "pid"), `${child.pid}\n`)
    let said = ""
    const listen = (chunk: unknown) => {
      said = `${said}${String(chunk)}`.slice(-4000)
      if (/ready to accept connections/iu.test(said)) done(child)
    }
    child.stdout.on("data", listen)
    child.stderr.on("data", listen)
    child.once("error", fail)
    child.once("exit", (code, signal) => fail(new Error(`redis-server ended (${code ?? signal}): ${said}`)))
  })
