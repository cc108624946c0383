import { assert, describe, it } from "@effect/vitest"
import { Topics } from "@flowforge/contracts"
import { Broker, type Subscription } from "@flowforge/messaging"
import { MemoryBroker, layer as layerMemory } from "@flowforge/messaging/memory"
import { Deferred, Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Progress } from "../src/progress.ts"

const watched = Progress.layer.pipe(Layer.provideMerge(layerMemory))

/** What a broker says of its one member. */
const layerStating = (state: Subscription["state"]) =>
  Progress.layer.pipe(
    Layer.provide(
      Layer.effect(
        Broker,
        Effect.map(Broker, (broker) => ({
          ...broker,
          subscribe: (options) => Effect.map(broker.subscribe(options), (subscription) => ({ ...subscription, state }))
        }))
      )
    ),
    Layer.provideMerge(layerMemory)
  )

const join = Broker.use((broker) =>
  broker.subscribe({
    group: "order",
    topics: [Topics.paymentFailed],
    maxBatch: 10,
    linger: Duration.zero,
    handle: () => Effect.void
  })
)

/** A member whose handler takes as long as it is told to, with one record in its hands. */
const withRecordInHand = Effect.gen(function* () {
  const broker = yield* Broker
  const taken = yield* Deferred.make<void>()
  const release = yield* Deferred.make<void>()
  yield* broker.subscribe({
    group: "order",
    topics: [Topics.paymentFailed],
    maxBatch: 10,
    linger: Duration.zero,
    handle: () => Effect.andThen(Deferred.succeed(taken, undefined), Deferred.await(release))
  })
  // Leaving the group waits for what is in hand.
  yield* Effect.addFinalizer(() => Deferred.succeed(release, undefined))
  const memory = yield* MemoryBroker
  yield* memory.inject({ topic: "payment.failed", partition: 0, key: "k", value: new Uint8Array(), headers: {} })
  yield* Deferred.await(taken)
  return release
})

describe("progress", () => {
  it.effect("is there while nothing is to be done, and while a batch takes seconds", () =>
    Effect.gen(function* () {
      const { check } = yield* Progress
      yield* check
      yield* TestClock.adjust("10 minutes")
      yield* check
      yield* withRecordInHand
      yield* TestClock.adjust("59 seconds")
      yield* check
    }).pipe(Effect.provide(watched), Effect.scoped)
  )

  it.effect("is missing when a batch does not end, and back when it has ended", () =>
    Effect.gen(function* () {
      const { check } = yield* Progress
      const release = yield* withRecordInHand
      yield* TestClock.adjust("61 seconds")
      const { message } = yield* Effect.flip(check)
      assert.strictEqual(message, "a batch of payment.failed does not end")
      yield* Deferred.succeed(release, undefined)
      yield* TestClock.adjust("1 second")
      yield* check
    }).pipe(Effect.provide(watched), Effect.scoped)
  )

  it.effect("is missing while a member stands still, until it moves or leaves", () => {
    let state: Effect.Success<Subscription["state"]> = "running"
    return Effect.gen(function* () {
      const { check } = yield* Progress
      yield* Effect.gen(function* () {
        yield* join
        yield* check
        state = "stalled"
        const { message } = yield* Effect.flip(check)
        assert.strictEqual(message, "records wait for the group order, and none is handled")
        for (const other of ["paused", "running"] as const) {
          state = other
          yield* check
        }
        state = "stalled"
      }).pipe(Effect.scoped)
      yield* check
    }).pipe(Effect.provide(layerStating(Effect.sync(() => state))), Effect.scoped)
  })
})
