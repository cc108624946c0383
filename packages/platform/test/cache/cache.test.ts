import { assert, describe, it } from "@effect/vitest"
import { Cache } from "@flowforge/platform"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { cacheSuite } from "./suite.ts"

cacheSuite("memory", Cache.layerMemory(), TestClock.adjust)

describe("the cache in memory", () => {
  const entry = (key: string) => ({ key, value: key, timeToLive: Duration.minutes(1) })

  it.effect("makes room for new entries by giving up those kept longest without being set", () =>
    Effect.gen(function* () {
      const { fill, get, set } = yield* Cache
      yield* set(["a", "b", "c"].map(entry))
      yield* set([entry("a")])
      yield* set([entry("d")])
      assert.deepStrictEqual(yield* get(["a", "b", "c", "d"]), ["a", undefined, "c", "d"])
      yield* fill([entry("e")])
      assert.deepStrictEqual(yield* get(["a", "c", "d", "e"]), ["a", undefined, "d", "e"])
    }).pipe(Effect.provide(Cache.layerMemory(3)))
  )

  it.effect("is each Layer's own", () =>
    Effect.gen(function* () {
      yield* Cache.use((cache) => cache.set([entry("a")])).pipe(Effect.provide(Cache.layerMemory()))
      const seen = yield* Cache.use((cache) => cache.get(["a"])).pipe(Effect.provide(Cache.layerMemory()))
      assert.deepStrictEqual(seen, [undefined])
    })
  )
})
