import { assert, describe, it } from "@effect/vitest"
import { findRedis, type RedisServer, REDIS_MISSING, startRedis } from "@flowforge/testkit/redis"
import { Effect, Redacted, type Scope } from "effect"
import { costOf, entry, errorsIn, openCache } from "./world.ts"

const program = await Effect.runPromise(findRedis)
const note = program === undefined ? ` (${REDIS_MISSING})` : ""

const urlOf = (server: RedisServer) => Redacted.make(server.url)

describe.skipIf(program === undefined)(`a Redis that fails${note}`, () => {
  const test = (title: string, body: (server: RedisServer) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.live(title, () => Effect.scoped(Effect.flatMap(startRedis(program!), body)))

  const ends = (how: "kill" | "stop" | "freeze", back: "start" | "thaw", title: string) =>
    test(title, (server) =>
      Effect.gen(function* () {
        const { cache, lines, registry, said, works } = yield* openCache({ url: urlOf(server) })
        yield* works
        yield* server[how]
        const { mean, slowest } = yield* costOf(cache)
        assert.isBelow(mean, 1)
        assert.isBelow(slowest, 250)
        assert.deepStrictEqual(yield* cache.get(["probe"]), [undefined])
        yield* said("Redis is away")
        assert.strictEqual(lines.length, 1, "one line, not one for each failure")
        assert.isAbove((yield* errorsIn(registry))!.count, 250)
        yield* server[back]
        yield* works
        yield* said("Redis is back")
        assert.strictEqual(lines.length, 2)
      })
    )

  ends("kill", "start", "costs a request under 1 ms when it is killed, and is used again when it is back")
  ends("stop", "start", "costs a request under 1 ms when it is stopped, and is used again when it is back")
  ends("freeze", "thaw", "costs a request under 1 ms when it is frozen, and is used again when it goes on")

  test("is rid of what was written or removed while it was frozen, before it is read again", (server) =>
    Effect.gen(function* () {
      const { cache, said, works } = yield* openCache({ url: urlOf(server) })
      yield* cache.set(["removed", "overwritten", "kept"].map((key) => entry(key, "old")))
      yield* server.freeze
      yield* cache.get(["kept"])
      yield* said("Redis is away")
      yield* cache.remove(["removed"])
      yield* cache.set([entry("overwritten", "new")])
      yield* server.thaw
      yield* works
      assert.deepStrictEqual(yield* cache.get(["removed", "overwritten", "kept"]), [undefined, undefined, "old"])
    }))

  test("reads as empty when it was flushed, which is no failure", (server) =>
    Effect.gen(function* () {
      const { cache, lines, registry } = yield* openCache({ url: urlOf(server) })
      yield* cache.set([entry("a")])
      yield* server.flush
      assert.deepStrictEqual(yield* cache.get(["a"]), [undefined])
      yield* cache.fill(Array.of(entry("a")))
      assert.deepStrictEqual(yield* cache.get(["a"]), ["a"])
      assert.deepStrictEqual(lines, [])
      assert.isUndefined(yield* errorsIn(registry))
    }))

  test("need not be there at the start", (server) =>
    Effect.gen(function* () {
      yield* server.kill
      const { cache, said, works } = yield* openCache({ url: urlOf(server) })
      assert.isBelow((yield* costOf(cache)).mean, 1)
      yield* said("ECONNREFUSED")
      yield* server.start
      yield* works
    }))
})

describe.skipIf(program === undefined)(`a Redis that asks for more${note}`, () => {
  it.live("is used with the password, from the URL or beside it", () =>
    Effect.gen(function* () {
      const server = yield* startRedis(program!, { password: "s3cret" })
      yield* (yield* openCache({ url: urlOf(server) })).works
      const url = Redacted.make(server.url.replace(":s3cret@", ""))
      yield* (yield* openCache({ url, password: Redacted.make("s3cret") })).works
    }).pipe(Effect.scoped)
  )

  it.live("is away with a wrong password, which nothing tells", () =>
    Effect.gen(function* () {
      const server = yield* startRedis(program!, { password: "s3cret" })
      const { cache, lines, said } = yield* openCache({ url: urlOf(server), password: Redacted.make("wr0ng") })
      assert.isBelow((yield* costOf(cache)).mean, 1)
      yield* said("WRONGPASS")
      assert.notInclude(lines.join("\n"), "wr0ng")
      assert.strictEqual(lines.length, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is used over TLS, when who signed its certificate is known", () =>
    Effect.gen(function* () {
      const server = yield* startRedis(program!, { tls: true, password: "s3cret" })
      const { cache, works } = yield* openCache({ url: urlOf(server), tls: { authority: server.certificate! } })
      yield* works
      yield* server.flush
      assert.deepStrictEqual(yield* cache.get(["probe"]), [undefined])
      const stranger = yield* openCache({ url: urlOf(server) })
      assert.isBelow((yield* costOf(stranger.cache)).mean, 1)
      yield* stranger.said("self-signed certificate")
    }).pipe(Effect.scoped)
  )
})
