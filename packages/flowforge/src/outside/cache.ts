import { Cache } from "@flowforge/platform"
import { Effect, Layer } from "effect"

/** No cache: what one process keeps in its memory, another could not take back. */
export const layerNoCache: Layer.Layer<Cache> = Layer.succeed(Cache, {
  get: (keys) => Effect.succeed(keys.map(() => undefined)),
  set: () => Effect.void,
  fill: () => Effect.void,
  remove: () => Effect.void
})
