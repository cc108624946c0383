import { Effect, Layer } from "effect"
import { prepareSystem } from "../system/launch.ts"
import { layerOutboxDriver } from "./outbox-driver.ts"

/** A system of its own, embedded in one process. */
export const layerEmbedded = Layer.unwrap(
  Effect.gen(function* () {
    const system = yield* prepareSystem()
    return layerOutboxDriver(yield* Effect.promise(system.start))
  })
).pipe(Layer.orDie)
