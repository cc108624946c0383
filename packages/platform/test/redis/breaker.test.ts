import { assert, describe, it } from "@effect/vitest"
import type { Redis } from "ioredis"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { makeBreaker } from "../../src/redis/breaker.ts"

/** A server that answers, or does not; and the lines that the breaker writes of it. */
const makeWorld = Effect.fnUntraced(function* (unlink: () => Promise<string> = () => Promise.resolve("OK")) {
  const lines: Array<string> = []
  let isAway = false
  const answer = () => (isAway ? Promise.reject(new Error("Command timed out")) : Promise.resolve("PONG"))
  const client = { on: () => client, connect: answer, ping: answer, unlink } as unknown as Redis
  const breaker = yield* makeBreaker(client).pipe(
    Effect.provide(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))]))
  )
  return {
    lines,
    leave: Effect.suspend(() => {
      isAway = true
      return breaker.attempt(answer, ["written"])
    }),
    comeBack: Effect.sync(() => {
      isAway = false
    }),
    asks: breaker.attempt(answer)
  }
})

/** In steps: a probe that failed sleeps only once it has its answer. */
const pass = (tenths: number) =>
  Effect.repeat(
    Effect.andThen(
      TestClock.adjust("100 millis"),
      Effect.promise(() => Promise.resolve())
    ),
    {
      times: tenths - 1
    }
  )

describe("a Redis that is back", () => {
  it.effect(
    "is not read before what it missed is removed, also when that takes beyond the second after which it is away",
    () =>
      Effect.gen(function* () {
        const removal = Promise.withResolvers<string>()
        const { asks, comeBack, leave } = yield* makeWorld(() => removal.promise)
        yield* leave
        yield* pass(8)
        yield* comeBack
        yield* pass(10)
        assert.strictEqual(yield* asks, undefined)
        removal.resolve("OK")
        yield* pass(2)
        assert.strictEqual(yield* asks, "PONG")
      })
  )
})

describe("what is said of a Redis that does not answer", () => {
  it.effect("nothing, when it answers again within a second", () =>
    Effect.gen(function* () {
      const { asks, comeBack, leave, lines } = yield* makeWorld()
      for (let time = 0; time < 3; time++) {
        yield* leave
        yield* pass(8)
        assert.strictEqual(yield* asks, undefined)
        yield* comeBack
        yield* pass(2)
        assert.strictEqual(yield* asks, "PONG")
      }
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("that it is away, once, and that it is back, once", () =>
    Effect.gen(function* () {
      const { comeBack, leave, lines } = yield* makeWorld()
      yield* leave
      yield* pass(50)
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /Redis is away.*Command timed out/u)
      yield* comeBack
      yield* pass(2)
      assert.strictEqual(lines.length, 2)
      assert.include(lines[1], "Redis is back")
    })
  )
})
