import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Clock, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { deadlines } from "../../src/policies/deadlines.ts"

describe("deadlines", () => {
  it.effect("are rung each at its own time, in whatever order they were set", () =>
    Effect.gen(function* () {
      const set = yield* deadlines
      const rung: Array<number> = []
      for (const millis of [500, 100, 900, 100, 300]) set(Duration.millis(millis), () => void rung.push(millis))
      yield* TestClock.adjust(99)
      assert.deepStrictEqual(rung, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(rung, [100, 100])
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(rung, [100, 100, 300])
      yield* TestClock.adjust(600)
      assert.deepStrictEqual(rung, [100, 100, 300, 500, 900])
    })
  )

  it.effect("of no time are rung at once, and keep none of the later ones from being rung", () =>
    Effect.gen(function* () {
      const set = yield* deadlines
      const rung: Array<number> = []
      for (const millis of [0, 100]) set(Duration.millis(millis), () => void rung.push(millis))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(rung, [0])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(rung, [0, 100])
    })
  )

  it.effect("are not rung once given up, and others are, whatever comes between", () =>
    Effect.gen(function* () {
      const set = yield* deadlines
      const clock = yield* Clock.Clock
      const steps = fc.array(
        fc.record({ budget: fc.integer({ min: 1, max: 50 }), givenUpAfter: fc.integer({ min: 0, max: 60 }) }),
        { minLength: 1, maxLength: 20 }
      )
      for (const all of fc.sample(steps, 30)) {
        const startedAt = clock.currentTimeMillisUnsafe()
        const rungAt: Array<number | undefined> = []
        const giveUps = all.map(({ budget }, n) =>
          set(Duration.millis(budget), () => {
            rungAt[n] = clock.currentTimeMillisUnsafe() - startedAt
          })
        )
        for (let now = 0; now <= 60; now++) {
          all.forEach(({ givenUpAfter }, n) => {
            if (givenUpAfter === now) giveUps[n]!()
          })
          yield* TestClock.adjust(1)
        }
        all.forEach(({ budget, givenUpAfter }, n) =>
          assert.strictEqual(rungAt[n], budget <= givenUpAfter ? budget : undefined)
        )
      }
    })
  )
})
