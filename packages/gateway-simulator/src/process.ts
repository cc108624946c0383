import type { AddressInfo } from "node:net"
import { Clock, Config, Console, Deferred, Effect, Random, type Scope } from "effect"
import { makeCompany } from "./company.ts"
import { openLedger } from "./ledger.ts"
import { makeServer } from "./server.ts"

/** Every variable that the simulator reads. */
const config = Config.all({
  /** GATEWAY_HOST: the address it listens on. */
  host: Config.NonEmptyString("GATEWAY_HOST").pipe(Config.withDefault("127.0.0.1")),
  /** GATEWAY_PORT: 0 takes any that is free. */
  port: Config.Int("GATEWAY_PORT").pipe(Config.withDefault(8070)),
  /** GATEWAY_FOLDER: where the ledger is; of one process at a time. */
  folder: Config.NonEmptyString("GATEWAY_FOLDER"),
  /** GATEWAY_WITH_PARENT: ends when standard input closes, and so with the process that started it. */
  withParent: Config.Boolean("GATEWAY_WITH_PARENT").pipe(Config.withDefault(false))
})

/** Runs the company until it is told to end; says where it is on standard output. */
export const runSimulator: Effect.Effect<void, Config.ConfigError | Error, Scope.Scope> = Effect.gen(function* () {
  const { folder, host, port, withParent } = yield* config
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const ended = yield* Deferred.make<void, Error>()
  const ledger = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => openLedger({ folder, now: () => clock.currentTimeMillisUnsafe() }),
      catch: (cause) => new Error(`the ledger in ${folder} cannot be opened: ${(cause as Error).message}`, { cause })
    }),
    (open) => Effect.promise(open.close)
  )
  const company = makeCompany(ledger, () => random.nextDoubleUnsafe())
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof makeServer>, Error>((resume) => {
      const listening = makeServer(company, ledger, (error) => Deferred.doneUnsafe(ended, Effect.fail(error)))
      listening.once("error", (error: NodeJS.ErrnoException) =>
        resume(
          Effect.fail(
            error.code === "EADDRINUSE"
              ? new Error(`port ${port} of ${host} is taken. Set GATEWAY_PORT to another one, or to 0 for any.`)
              : error
          )
        )
      )
      listening.listen(port, host, () => resume(Effect.succeed(listening)))
    }),
    (listening) =>
      Effect.callback<void>((resume) => {
        listening.close(() => resume(Effect.void))
        listening.closeAllConnections()
      })
  )
  const url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${(server.address() as AddressInfo).port}`
  yield* Console.log(JSON.stringify({ url }))
  yield* withParent ? Effect.raceFirst(standardInputClosed, Deferred.await(ended)) : Deferred.await(ended)
})

const standardInputClosed = Effect.callback<void>((resume) => {
  process.stdin.once("close", () => resume(Effect.void)).resume()
})
