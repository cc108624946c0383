import { assert, it } from "@effect/vitest"
import { ObjectStore } from "@flowforge/platform"
import { Effect, type Layer, Option } from "effect"
import { describe } from "vitest"

const utf8 = new TextEncoder()

const put = (key: string, text: string) =>
  ObjectStore.use((objects) => objects.put({ key, body: utf8.encode(text), contentType: "text/html" }))

const get = (key: string) =>
  ObjectStore.use((objects) => objects.get(key)).pipe(
    Effect.map(Option.map((body) => new TextDecoder().decode(body))),
    Effect.map(Option.getOrUndefined)
  )

/** What every object store does. */
export const objectStoreSuite = (name: string, layer: Layer.Layer<ObjectStore, unknown>) =>
  describe(`object store: ${name}`, () => {
    it.live("gives back what was put, byte by byte", () =>
      Effect.gen(function* () {
        yield* put("receipts/2026-11-23/a.html", "<p>Łukasz 北京</p>")
        assert.strictEqual(yield* get("receipts/2026-11-23/a.html"), "<p>Łukasz 北京</p>")
      }).pipe(Effect.provide(layer))
    )

    it.live("gives nothing for a key that was never put", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* get("receipts/2026-11-23/none.html"), undefined)
      }).pipe(Effect.provide(layer))
    )

    it.live("overwrites", () =>
      Effect.gen(function* () {
        yield* put("a.html", "a much longer first text")
        yield* put("a.html", "second")
        assert.strictEqual(yield* get("a.html"), "second")
      }).pipe(Effect.provide(layer))
    )

    it.live("shows readers a whole object while it is overwritten", () =>
      Effect.gen(function* () {
        const texts = Array.from({ length: 50 }, (_, n) => String(n % 10).repeat(5_000 + n))
        yield* put("hot.html", texts[0]!)
        const write = Effect.forEach(texts, (text) => put("hot.html", text), { concurrency: 4 })
        const read = Effect.forEach(texts, () => get("hot.html"), { concurrency: 4 })
        const [, seen] = yield* Effect.all([write, read], { concurrency: 2 })
        for (const text of seen) assert.include(texts, text)
      }).pipe(Effect.provide(layer))
    )

    for (const key of [
      "../a",
      "a/../../b",
      "/a",
      "a//b",
      "a/",
      "",
      ".a",
      "a/.b",
      "a\\b",
      "a b",
      "a\0b",
      "x".repeat(600)
    ]) {
      it.live(`takes no key ${JSON.stringify(key.slice(0, 20))}`, () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.exit(put(key, "x")))._tag, "Failure")
          assert.strictEqual((yield* Effect.exit(get(key)))._tag, "Failure")
        }).pipe(Effect.provide(layer))
      )
    }
  })
