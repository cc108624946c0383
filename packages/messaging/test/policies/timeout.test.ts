import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { OutcomeUnknown, within } from "../../src/policies/timeout.ts"

describe("within a budget", () => {
  it.effect("an attempt in time keeps its exit, whatever it is", () =>
    Effect.gen(function* () {
      const budget = within("250 millis")
      assert.strictEqual(yield* budget(Effect.succeed(7)), 7)
      assert.strictEqual(yield* Effect.flip(budget(Effect.fail("no"))), "no")
      const died = yield* Effect.exit(budget(Effect.die("a bug")))
      assert.deepStrictEqual(died, Exit.die("a bug"))
    })
  )

  it.effect("an attempt that hangs is interrupted, and has ended before anything follows", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const hanging = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(
          Effect.sleep("1 second"),
          Effect.sync(() => void seen.push("undone"))
        )
      )
      const fiber = yield* Effect.forkChild(Effect.flip(within("250 millis")(hanging)))
      yield* TestClock.adjust("249 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(seen, ["undone"])
      assert.instanceOf(yield* Fiber.join(fiber), OutcomeUnknown)
    })
  )

  it.effect("an attempt that cannot be interrupted is left behind after five seconds more", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(within("250 millis")(Effect.uninterruptible(Effect.never))))
      yield* TestClock.adjust("5249 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.instanceOf(yield* Fiber.join(fiber), OutcomeUnknown)
    })
  )

  it.effect("an interruption from outside goes through to the attempt, and is no failure", () =>
    Effect.gen(function* () {
      const isInterrupted = yield* Deferred.make<void>()
      const isRunning = yield* Deferred.make<void>()
      const attempt = Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never).pipe(
        Effect.onInterrupt(() => Deferred.succeed(isInterrupted, undefined))
      )
      let seen = false
      const fiber = yield* Effect.forkChild(
        Effect.tap(Effect.exit(within("250 millis")(attempt)), () => Effect.sync(() => void (seen = true)))
      )
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(isInterrupted)
      assert.isFalse(seen)
    })
  )
})
