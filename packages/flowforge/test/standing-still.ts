// A process whose consumer never gets to its records: what was fetched gathers for days.
import { Topics } from "@flowforge/contracts"
import { Broker } from "@flowforge/messaging"
import { Duration, Effect, Layer } from "effect"
import { layerBroker } from "../src/outside/broker.ts"
import { broker } from "../src/settings/outside.ts"

const joining = Effect.gen(function* () {
  yield* (yield* Broker).subscribe({
    group: "standing-still",
    topics: [Topics.orderCreated],
    maxBatch: 100,
    linger: Duration.days(20),
    handle: () => Effect.void
  })
  return yield* Effect.never
})

await Effect.runPromise(
  Effect.gen(function* () {
    const settings = yield* broker.read
    // Only the broker on PostgreSQL needs a database.
    yield* joining.pipe(Effect.provide(layerBroker(settings, "standing-still") as Layer.Layer<Broker>))
  }).pipe(Effect.scoped)
)
