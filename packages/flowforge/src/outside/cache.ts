import { Cache } from "@flowforge/platform"
import { layerRedis } from "@flowforge/platform/redis"
import { Effect, Layer, Redacted } from "effect"
import type { cache } from "../settings/outside.ts"
import type { ValueOf } from "../settings/setting.ts"

/** No cache: what one process kept in its memory, another could not take back. */
const layerNone: Layer.Layer<Cache> = Layer.succeed(Cache, {
  get: (keys) => Effect.succeed(keys.map(() => undefined)),
  set: () => Effect.void,
  fill: () => Effect.void,
  remove: () => Effect.void
})

export const layerCache = ({ authority, password, url }: ValueOf<typeof cache>): Layer.Layer<Cache> => {
  if (url === undefined) return layerNone
  return layerRedis({
    url,
    ...(password === undefined ? {} : { password }),
    ...(authority === undefined ? {} : { tls: { authority: Redacted.value(authority) } })
  })
}
