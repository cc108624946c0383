import { assert, describe, it } from "@effect/vitest"
import { Broker } from "@flowforge/messaging"
import { layer as layerMemory } from "@flowforge/messaging/memory"
import { Duration, Effect } from "effect"
import * as fc from "fast-check"
import { TestClock } from "effect/testing"
import { type Circuit, makeCircuit, obeyCircuit } from "../../src/policies/circuit.ts"
import { keysOf } from "../consumer/world.ts"

const options = { keys: 10, base: "1 second", cap: "30 seconds" } as const
const TOPIC = "called"

const failAll = (circuit: Circuit, keys: ReadonlyArray<string>) =>
  Effect.forEach(keys, (key) => circuit.failed(TOPIC, key), { discard: true })

describe("the circuit", () => {
  it.effect("opens when ten distinct keys have failed, not when one has failed ten times", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, Array(50).fill("the same"))
      yield* failAll(circuit, keysOf("k", 8))
      assert.isFalse(yield* circuit.isOpen)
      assert.isTrue(yield* circuit.failed(TOPIC, "the tenth"))
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "none")
    })
  )

  it.effect("stays closed while there is a success among any ten failures", () =>
    Effect.gen(function* () {
      const happened = fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(30) }, fc.constant("success" as const)), {
        maxLength: 100
      })
      fc.assert(
        fc.property(happened, (all) => {
          const failed = new Set<number>()
          let isOpen = false
          const circuit = Effect.runSync(makeCircuit(options))
          for (const each of all) {
            if (each === "success") {
              failed.clear()
              isOpen = false
              Effect.runSync(circuit.succeeded(TOPIC))
            } else {
              failed.add(each)
              isOpen ||= failed.size >= 10
              assert.strictEqual(Effect.runSync(circuit.failed(TOPIC, String(each))), isOpen)
            }
          }
        })
      )
    })
  )

  it.effect("silence that began before the dependency answered somebody else says nothing against it", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      const before = yield* circuit.successes(TOPIC)
      yield* circuit.succeeded(TOPIC)
      for (const key of keysOf("k", 50)) assert.isFalse(yield* circuit.failed(TOPIC, key, before))
      const since = yield* circuit.successes(TOPIC)
      yield* circuit.succeeded("another topic")
      for (const key of keysOf("k", 9)) assert.isFalse(yield* circuit.failed(TOPIC, key, since))
      assert.isTrue(yield* circuit.failed(TOPIC, "the tenth", since))
    })
  )

  it.effect("is half-open after a second: one may try, and nobody else until it is known how that went", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, keysOf("k", 10))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "none")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "one")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "none")
      yield* circuit.succeeded(TOPIC)
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "all")
      assert.isFalse(yield* circuit.isOpen)
    })
  )

  it.effect("is open no longer for a clock that is set back meanwhile", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* TestClock.setTime(Date.UTC(2026, 0))
      yield* failAll(circuit, keysOf("k", 10))
      yield* TestClock.setTime(Date.UTC(2025, 0))
      assert.strictEqual(yield* circuit.waitMillis, 1_000)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "one")
    })
  )

  it.effect("waits twice as long after each trial that fails, thirty seconds at most", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, keysOf("k", 10))
      const waits: Array<number> = []
      for (let trial = 0; trial < 7; trial++) {
        waits.push(yield* circuit.waitMillis)
        yield* TestClock.adjust(yield* circuit.waitMillis)
        assert.strictEqual(yield* circuit.admit(TOPIC, true), "one")
        yield* circuit.failed(TOPIC, "k0")
      }
      assert.deepStrictEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    })
  )

  it.effect("is not kept open longer by those that were under way when it opened", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, keysOf("k", 100))
      assert.strictEqual(yield* circuit.waitMillis, 1_000)
    })
  )

  it.effect("lets another try when nothing was heard of a trial", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, keysOf("k", 10))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "one")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* circuit.admit(TOPIC, true), "one")
    })
  )

  it.effect("does not concern a topic without calls that never failed, nor is it closed by one", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      yield* failAll(circuit, keysOf("k", 10))
      assert.strictEqual(yield* circuit.admit("in the database", false), "all")
      yield* circuit.succeeded("in the database")
      assert.isTrue(yield* circuit.isOpen)
      yield* circuit.failed("in the database", "k")
      assert.strictEqual(yield* circuit.admit("in the database", false), "none")
    })
  )
})

describe("a consumer that obeys the circuit", () => {
  it.effect("fetches nothing while it is open, but for a second when a trial is due, and goes on when it closes", () =>
    Effect.gen(function* () {
      const circuit = yield* makeCircuit(options)
      const subscription = yield* Broker.use((broker) =>
        broker.subscribe({ group: "g", topics: [], maxBatch: 1, linger: Duration.zero, handle: () => Effect.void })
      )
      const stateAfter = (time: Duration.Input) => Effect.andThen(TestClock.adjust(time), subscription.state)
      yield* Effect.forkScoped(obeyCircuit("g", circuit, subscription))
      assert.strictEqual(yield* stateAfter("1 minute"), "running")
      yield* failAll(circuit, keysOf("k", 10))
      assert.strictEqual(yield* stateAfter("999 millis"), "paused")
      assert.strictEqual(yield* stateAfter("1 millis"), "running")
      yield* circuit.admit(TOPIC, true)
      yield* circuit.failed(TOPIC, "k0")
      assert.strictEqual(yield* stateAfter("1 second"), "paused")
      assert.strictEqual(yield* stateAfter("1 second"), "running")
      yield* circuit.succeeded(TOPIC)
      assert.strictEqual(yield* stateAfter("1 minute"), "running")
      assert.isFalse(yield* circuit.isOpen)
    }).pipe(Effect.provide(layerMemory))
  )
})
