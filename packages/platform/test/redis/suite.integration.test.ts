import { describe } from "@effect/vitest"
import { layerRedis } from "@flowforge/platform/redis"
import { findRedis, REDIS_MISSING, startRedis } from "@flowforge/testkit/redis"
import { Duration, Effect, Layer, Redacted } from "effect"
import { cacheSuite } from "../cache/suite.ts"

const program = await Effect.runPromise(findRedis)

describe.skipIf(program === undefined)(`on Redis${program === undefined ? ` (${REDIS_MISSING})` : ""}`, () => {
  // What a busy machine makes slow is no fault of what is tested here.
  const layer = Layer.unwrap(
    Effect.map(startRedis(program!), ({ url }) => layerRedis({ url: Redacted.make(url), commandTimeout: 10_000 }))
  )
  // A server knows no other time than the real one.
  cacheSuite("redis", layer, (duration) =>
    Effect.promise(() => new Promise((done) => setTimeout(done, Duration.toMillis(duration))))
  )
})
