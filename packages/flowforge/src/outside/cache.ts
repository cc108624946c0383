import { Cache } from "@flowforge/platform"
import { layerRedis } from "@flowforge/platform/redis"
import type { ValueOf } from "@flowforge/platform/settings"
import { Effect, Layer } from "effect"
import type { cache } from "../settings/outside.ts"

/** No cache: what one process kept in its memory, another could not take back. */
const layerNone: Layer.Layer<Cache> = Layer.succeed(Cache, {
  get: (keys) => Effect.succeed(keys.map(() => undefined)),
  set: () => Effect.void,
  fill: () => Effect.void,
  remove: () => Effect.void
})

export const layerCache = (settings: ValueOf<typeof cache>): Layer.Layer<Cache> =>
  settings === undefined ? layerNone : layerRedis(settings)
