import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { freePort, superviseProcess } from "@flowforge/platform/child-process"
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
    const port = yield* Effect.promise(freePort)
    const gateway = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          superviseProcess({
            start: () => launch(options.folder, port),
            askToEnd: (child) => child.kill("SIGTERM"),
            patienceMillis: 5_000,
            kill: "SIGKILL"
          }),
        catch: (cause) =>
          new GatewayDidNotStart({ message: `The payment simulator did not start: ${(cause as Error).message}` })
      }),
      (supervised) => Effect.promise(supervised.stop)
    )
    return { url: `http://127.0.0.1:${port}`, pid: gateway.pid }
  })

/** Resolves when it answers, which it announces with its first line. Closing its standard input ends it. */
const launch = (folder: string, port: number): Promise<ChildProcess> =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env["PATH"], GATEWAY_PORT: String(port), GATEWAY_FOLDER: folder, GATEWAY_WITH_PARENT: "1" },
      detached: true,
      stdio: ["pipe", "pipe", "inherit"]
    })
    child.once("error", fail)
    child.once("exit", (code, signal) => fail(new Error(`it ended (${code ?? signal})`)))
    createInterface(child.stdout!).once("line", () => done(child))
  })
