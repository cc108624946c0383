import { assert, describe, it } from "@effect/vitest"
import { Cache, type CacheEntry } from "@flowforge/platform"
import { Duration, Effect, type Layer } from "effect"
import * as fc from "fast-check"
import { v7 } from "uuid"

const entry = (key: string, value: string, timeToLive: Duration.Input = "1 minute"): CacheEntry => ({
  key,
  value,
  timeToLive: Duration.fromInputUnsafe(timeToLive)
})

/** Keys of this test alone: an adapter's entries may outlive it. */
const keys = (count: number): ReadonlyArray<string> => Array.from({ length: count }, () => `test:${v7()}`)

/** What every cache does. `pass` lets time go by, as the adapter knows it. */
export const cacheSuite = <E>(
  name: string,
  layer: Layer.Layer<Cache, E>,
  pass: (duration: Duration.Input) => Effect.Effect<void>
) =>
  describe(`cache: ${name}`, () => {
    const test = (title: string, body: (cache: Cache["Service"]) => Effect.Effect<void, unknown>) =>
      it.effect(title, () => Effect.flatMap(Cache, body).pipe(Effect.provide(layer)))

    test("gives what was set, in the order of the keys, and nothing for a key it does not know", ({ get, set }) =>
      Effect.gen(function* () {
        const [a, b, c] = keys(3) as [string, string, string]
        yield* set([entry(a, "1"), entry(b, "Łukasz 北京 \u0000")])
        assert.deepStrictEqual(yield* get([c, b, a, b]), [undefined, "Łukasz 北京 \u0000", "1", "Łukasz 北京 \u0000"])
        assert.deepStrictEqual(yield* get([]), [])
      }))

    test("overwrites what is there when it is set", ({ get, set }) =>
      Effect.gen(function* () {
        const [a] = keys(1) as [string]
        yield* set([entry(a, "1")])
        yield* set([entry(a, "2")])
        assert.deepStrictEqual(yield* get([a]), ["2"])
        yield* set([entry(a, "3"), entry(a, "4")])
        assert.deepStrictEqual(yield* get([a]), ["4"], "the last of one call")
      }))

    test("leaves what is there as it is when it is filled", ({ fill, get, set }) =>
      Effect.gen(function* () {
        const [a, b] = keys(2) as [string, string]
        yield* set([entry(a, "newer")])
        yield* fill([entry(a, "read before"), entry(b, "1"), entry(b, "2")])
        assert.deepStrictEqual(yield* get([a, b]), ["newer", "1"])
        yield* set([entry(b, "3")])
        assert.deepStrictEqual(yield* get([b]), ["3"])
      }))

    test("keeps the time to live of what a fill left as it is", ({ fill, get, set }) =>
      Effect.gen(function* () {
        const [a] = keys(1) as [string]
        yield* set([entry(a, "1", "2 seconds")])
        yield* fill([entry(a, "2", "1 hour")])
        yield* pass("3 seconds")
        assert.deepStrictEqual(yield* get([a]), [undefined])
      }))

    test("knows no removed key, and lets it be filled again", ({ fill, get, remove, set }) =>
      Effect.gen(function* () {
        const [a, b, c] = keys(3) as [string, string, string]
        yield* set([entry(a, "1"), entry(b, "2")])
        yield* remove([a, c])
        assert.deepStrictEqual(yield* get([a, b, c]), [undefined, "2", undefined])
        yield* fill([entry(a, "3")])
        assert.deepStrictEqual(yield* get([a]), ["3"])
        yield* remove([])
      }))

    test("forgets each entry at the end of its own time, and lets it be filled again", ({ fill, get, set }) =>
      Effect.gen(function* () {
        const [a, b] = keys(2) as [string, string]
        yield* set([entry(a, "1", "2 seconds"), entry(b, "2", "1 minute")])
        yield* pass("1 second")
        assert.deepStrictEqual(yield* get([a, b]), ["1", "2"])
        yield* pass("2 seconds")
        assert.deepStrictEqual(yield* get([a, b]), [undefined, "2"])
        yield* fill([entry(a, "3")])
        assert.deepStrictEqual(yield* get([a]), ["3"])
      }))

    test("starts the time anew when it is set again", ({ get, set }) =>
      Effect.gen(function* () {
        const [a] = keys(1) as [string]
        yield* set([entry(a, "1", "3 seconds")])
        yield* pass("2 seconds")
        yield* set([entry(a, "2", "3 seconds")])
        yield* pass("2 seconds")
        assert.deepStrictEqual(yield* get([a]), ["2"])
      }))

    test("behaves as a table of keys with an end, whatever is done to it", (cache) =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
            const own = keys(3)
            const model = new Map<string, string>()
            await Effect.runPromise(
              Effect.forEach(steps, ({ kind, of, value }) =>
                Effect.gen(function* () {
                  const key = own[of]!
                  yield* kind === "remove" ? cache.remove([key]) : cache[kind]([entry(key, value, "1 hour")])
                  if (kind === "remove") model.delete(key)
                  else if (kind === "set" || !model.has(key)) model.set(key, value)
                  assert.deepStrictEqual(
                    yield* cache.get(own),
                    own.map((each) => model.get(each))
                  )
                })
              )
            )
          }),
          { numRuns: 30 }
        )
      ))
  })

const step = fc.record({
  kind: fc.constantFrom("set", "fill", "remove"),
  of: fc.nat({ max: 2 }),
  value: fc.string()
})
