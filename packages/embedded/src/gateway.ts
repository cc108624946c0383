import { type ChildProcess, spawn } from "node:child_process"
import { getCompileCacheDir } from "node:module"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { superviseProcess } from "@flowforge/platform/child-process"
import { Effect, Schema, type Scope } from "effect"

/** The simulated payment company did not start. */
export class GatewayDidNotStart extends Schema.TaggedError<GatewayDidNotStart>()("GatewayDidNotStart", {
  message: Schema.String
}) {}

const program = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

/**
 * Runs the payment company as a process of its own, with its own ledger, as it would be outside. It is started again
 * on the same address when it dies, and ends with the scope, or with this process.
 */
export const startGateway = (options: {
  readonly folder: string
}): Effect.Effect<{ readonly url: string; readonly pid: () => number | undefined }, GatewayDidNotStart, Scope.Scope> =>
  Effect.gen(function* () {
    // Any port at first; the same one after a crash.
    let url = new URL("http://127.0.0.1:0")
    const gateway = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          superviseProcess({
            start: async () => {
              const started = await launch(options.folder, url.port)
              url = started.url
              return started.child
            },
            askToEnd: (child) => child.kill("SIGTERM"),
            patienceMillis: 5_000,
            kill: "SIGKILL"
          }),
        catch: (cause) =>
          new GatewayDidNotStart({ message: `The payment simulator did not start: ${(cause as Error).message}` })
      }),
      (supervised) => Effect.promise(supervised.stop)
    )
    return { url: url.origin, pid: gateway.pid }
  })

/** Resolves when it answers, which it announces with its first line. Closing its standard input ends it. */
const launch = (folder: string, port: string): Promise<{ readonly child: ChildProcess; readonly url: URL }> =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env["PATH"],
        NODE_COMPILE_CACHE: getCompileCacheDir(),
        GATEWAY_PORT: port === "" ? "0" : port,
        GATEWAY_FOLDER: folder,
        GATEWAY_WITH_PARENT: "1"
      },
      detached: true,
      stdio: ["pipe", "pipe", "inherit"]
    })
    child.once("error", fail)
    child.once("exit", (code, signal) => fail(new Error(`it ended (${code ?? signal})`)))
    createInterface(child.stdout!).once("line", (line) => {
      const { url } = JSON.parse(line) as { readonly url: string }
      done({ child, url: new URL(url) })
    })
  })
