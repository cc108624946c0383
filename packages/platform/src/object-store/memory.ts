import { Clock, Duration, Effect, Option } from "effect"
import { checkKey } from "./key.ts"
import type { ObjectStore } from "./object-store.ts"

export const makeMemory = (): ObjectStore["Service"] => {
  const objects = new Map<string, Uint8Array>()
  return {
    put: ({ body, key }) =>
      Effect.sync(() => {
        objects.set(checkKey(key), body.slice())
      }),
    get: (key) => Effect.sync(() => Option.fromNullishOr(objects.get(checkKey(key))?.slice())),
    signedUrl: (key, expiresIn) =>
      Effect.map(
        Clock.currentTimeMillis,
        (now) => `memory:///${checkKey(key)}?expires=${Math.floor((now + Duration.toMillis(expiresIn)) / 1000)}`
      )
  }
}
