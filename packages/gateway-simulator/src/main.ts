import type { AddressInfo } from "node:net"
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect } from "effect"
import { makeCompany } from "./company.ts"
import { openLedger } from "./ledger.ts"
import { makeServer } from "./server.ts"

const config = Config.all({
  port: Config.Port("GATEWAY_PORT").pipe(Config.withDefault(8070)),
  folder: Config.NonEmptyString("GATEWAY_FOLDER"),
  /** Ends when standard input closes: with the process that started it, however that one ended. */
  withParent: Config.Boolean("GATEWAY_WITH_PARENT").pipe(Config.withDefault(false))
})

const main = Effect.gen(function* () {
  const { port, folder, withParent } = yield* config
  const ledger = yield* Effect.acquireRelease(
    Effect.sync(() => openLedger(folder)),
    (open) => Effect.promise(open.close)
  )
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof makeServer>, Error>((resume) => {
      const listening = makeServer(makeCompany(ledger), ledger)
      listening.once("error", (error) => resume(Effect.fail(error)))
      listening.listen(port, () => resume(Effect.succeed(listening)))
    }),
    (listening) =>
      Effect.callback<void>((resume) => {
        listening.close(() => resume(Effect.void))
        listening.closeAllConnections()
      })
  )
  yield* Console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
  return yield* withParent ? standardInputClosed : Effect.never
}).pipe(Effect.scoped)

const standardInputClosed = Effect.callback<void>((resume) => {
  process.stdin.once("close", () => resume(Effect.void)).resume()
})

NodeRuntime.runMain(main)
