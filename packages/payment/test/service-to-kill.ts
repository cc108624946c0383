// The payment service on the database and the gateway of its command line, until it is killed. Says when it is at work.
import { Wakeups } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { layerPostgres } from "@flowforge/platform"
import { Effect, Layer, Redacted } from "effect"
import { PaymentService } from "../src/index.ts"

const [url, gatewayUrl] = process.argv.slice(2) as [string, string]
const around = PostgresBroker.layerWith({ leaseMillis: 1_000 }).pipe(
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerPostgres({ url: Redacted.make(url), applicationName: "service-to-kill", maxConnections: 6 }))
)
const service = Layer.merge(PaymentService.layerConsumers, PaymentService.layerJobs).pipe(
  Layer.provide([around, PaymentService.layerGateway(gatewayUrl)])
)

await Effect.runPromise(
  Effect.gen(function* () {
    yield* Layer.build(service)
    process.stdout.write("at work\n")
    return yield* Effect.never
  }).pipe(Effect.scoped)
)
