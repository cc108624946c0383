import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { untilStalled, type Watched } from "../../src/kafka/stall.ts"
import { monotonicMillis } from "../../src/monotonic.ts"

interface Seen extends Watched {
  /** Records that wait; undefined while Kafka does not answer, "never" while it does not even refuse. */
  readonly lag: number | "refused" | "never"
}

const idle: Seen = { paused: false, busy: false, progress: 7, lag: 0 }
const behind: Seen = { ...idle, lag: 3 }

/** Whether it stands still, each second being what the one before has led to. */
const stallsAfter = (seconds: number, seenAt: (second: number) => Seen) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const now = () => monotonicMillis(clock)
    const started = now()
    const seen = () => seenAt((now() - started) / 1000)
    let idleAt = 0
    const watch = yield* Effect.forkChild(
      untilStalled({
        look: seen,
        lag: Effect.suspend(() => {
          const { lag } = seen()
          if (lag === "never") return Effect.never
          return lag === "refused" ? Effect.fail(lag) : Effect.succeed(new Map([["a", 0]]).set("b", lag))
        }),
        onIdle: () => (idleAt = now()),
        now,
        stallMillis: 60_000
      })
    )
    yield* TestClock.adjust(Duration.seconds(seconds))
    return { stalled: watch.pollUnsafe() !== undefined, wasIdle: idleAt > 0, fiber: watch }
  })

const cases: ReadonlyArray<readonly [what: string, stalls: boolean, seenAt: (second: number) => Seen]> = [
  ["records wait and none is handled", true, () => behind],
  ["records came when nothing had been to do for long", true, (second) => (second < 60 ? idle : behind)],
  ["it was paused before", true, (second) => ({ ...behind, paused: second < 30 })],
  ["nothing waits", false, () => idle],
  ["something is handled now and then", false, (second) => ({ ...behind, progress: Math.floor(second / 50) })],
  ["a batch is in hand", false, () => ({ ...behind, busy: true })],
  ["it is paused", false, () => ({ ...behind, paused: true })],
  ["Kafka refuses to answer", false, () => ({ ...behind, lag: "refused" })],
  ["Kafka does not answer", false, () => ({ ...behind, lag: "never" })],
  ["records wait whenever it looks, new ones", false, (second) => ({ ...behind, progress: Math.floor(second / 14) })],
  ["they waited for less than the time", false, (second) => (second % 60 < 45 ? behind : idle)]
]

describe("a consumer of Kafka", () => {
  for (const [what, stalls, seenAt] of cases) {
    it.effect(`${stalls ? "stands still" : "does not stand still"} when ${what}`, () =>
      Effect.gen(function* () {
        const { fiber, stalled } = yield* stallsAfter(180, seenAt)
        assert.strictEqual(stalled, stalls)
        yield* Fiber.interrupt(fiber)
      })
    )
  }

  it.effect("has the whole time for the first record that waits, and hardly more", () =>
    Effect.gen(function* () {
      const early = yield* stallsAfter(74, () => behind)
      assert.isFalse(early.stalled)
      yield* TestClock.adjust("2 seconds")
      assert.isDefined(early.fiber.pollUnsafe())
    })
  )

  it.effect("is told idle when nothing waits any more", () =>
    Effect.gen(function* () {
      const { fiber, wasIdle } = yield* stallsAfter(60, (second) => (second < 30 ? behind : idle))
      assert.isTrue(wasIdle)
      yield* Fiber.interrupt(fiber)
    })
  )
})
