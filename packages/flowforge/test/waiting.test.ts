import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { waitFor } from "../src/waiting.ts"

/** Something that answers after so many tries, and the log of who waits for it. */
const waitingFor = (tries: number, reasonOf: (attempt: number) => string) => {
  const lines: Array<string> = []
  let attempts = 0
  const attempt = Effect.suspend(() => {
    attempts++
    return attempts <= tries ? Effect.fail(new Error(reasonOf(attempts))) : Effect.succeed("there")
  })
  const log = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
  return { attempt, lines, log, attempts: () => attempts }
}

describe("waiting", () => {
  it.effect("tries ever less often until it works, and says once what it waits for", () =>
    Effect.gen(function* () {
      const { attempt, attempts, lines, log } = waitingFor(8, () => "refused")
      const fiber = yield* Effect.forkChild(Effect.provide(waitFor("PostgreSQL", attempt), log))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(fiber), "there")
      assert.strictEqual(attempts(), 9)
      assert.deepStrictEqual(lines, ["waiting for PostgreSQL: refused", "PostgreSQL: there"])
    })
  )

  it.effect("says it again when the reason is another one, and every half a minute", () =>
    Effect.gen(function* () {
      const { attempt, lines, log } = waitingFor(1_000, (n) => (n === 1 ? "refused" : "starting up"))
      const fiber = yield* Effect.forkChild(Effect.provide(waitFor("PostgreSQL", attempt), log))
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(lines.slice(0, 2), [
        "waiting for PostgreSQL: refused",
        "waiting for PostgreSQL: starting up"
      ])
      assert.isAtLeast(lines.length, 4)
      assert.isAtMost(lines.length, 6)
    })
  )

  it.effect("does not wait for what cannot come", () =>
    Effect.gen(function* () {
      const { attempt, attempts } = waitingFor(1_000, () => "never")
      const error = yield* Effect.flip(waitFor("the schema", attempt, () => true))
      assert.strictEqual(error.message, "never")
      assert.strictEqual(attempts(), 1)
    })
  )
})
