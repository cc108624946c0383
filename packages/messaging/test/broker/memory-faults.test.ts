import { assert, layer as suiteWith } from "@effect/vitest"
import { Broker } from "@flowforge/messaging"
import { layer, MemoryBroker } from "@flowforge/messaging/memory"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { eventually } from "../eventually.ts"
import { join, messageOf, newGroup, newTopic, textOf } from "./readers.ts"

const until = (isSo: () => boolean) => eventually(Effect.sync(isSo), (so) => so)

suiteWith(layer, { excludeTestServices: true })("what a test may do to the memory broker", (it) => {
  it.effect("a wipe changes the cluster id and begins offsets at 0 again, and its readers go on", () =>
    Effect.gen(function* () {
      const [broker, memory] = [yield* Broker, yield* MemoryBroker]
      const topic = newTopic()
      const before = yield* broker.clusterId
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      yield* broker.publish([messageOf(topic, "k", "0")])
      yield* until(() => reader.records().length === 1)
      yield* memory.wipe
      assert.notStrictEqual(yield* broker.clusterId, before)
      yield* broker.publish([messageOf(topic, "k", "1")])
      yield* until(() => reader.records().length === 2)
      assert.deepStrictEqual(
        reader.records().map((record) => [record.offset, textOf(record)]),
        [
          ["0", "0"],
          ["0", "1"]
        ]
      )
    })
  )

  it.effect("refuses for good a batch with a message that it was told to refuse", () =>
    Effect.gen(function* () {
      const [broker, memory] = [yield* Broker, yield* MemoryBroker]
      const topic = newTopic()
      yield* memory.refuse((message) => message.key === "bad")
      const failed = yield* Effect.flip(broker.publish([messageOf(topic, "good", ""), messageOf(topic, "bad", "")]))
      assert.isTrue(failed.refused)
      assert.deepStrictEqual(memory.records(topic.name), [])
      yield* memory.refuse(() => false)
    })
  )

  it.effect("takes and delivers nothing while it is not available", () =>
    Effect.gen(function* () {
      const [broker, memory] = [yield* Broker, yield* MemoryBroker]
      const topic = newTopic()
      yield* broker.publish([messageOf(topic, "k", "0")])
      yield* memory.setAvailable(false)
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      const failed = yield* Effect.flip(broker.publish([messageOf(topic, "k", "1")]))
      assert.isFalse(failed.refused)
      assert.deepStrictEqual(reader.batches, [])
      yield* memory.setAvailable(true)
      yield* until(() => reader.records().length === 1)
    })
  )

  it.effect("says how long the oldest record waits", () =>
    Effect.gen(function* () {
      const topic = newTopic()
      const { subscription } = yield* join({ group: newGroup(), topics: [topic] })
      yield* subscription.pause
      yield* (yield* Broker).publish([messageOf(topic, "a", "")])
      yield* TestClock.adjust("40 seconds")
      yield* (yield* Broker).publish([messageOf(topic, "b", "")])
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* subscription.waiting, 70_000)
    }).pipe(Effect.provide(TestClock.layer()))
  )

  it.effect("a crashed member's batch is delivered to another", () =>
    Effect.gen(function* () {
      const [broker, memory] = [yield* Broker, yield* MemoryBroker]
      const [topic, group] = [newTopic(), newGroup()]
      let started = 0
      yield* broker.publish([messageOf(topic, "k", "0")])
      yield* join({
        group,
        topics: [topic],
        handle: () =>
          Effect.andThen(
            Effect.sync(() => void started++),
            Effect.never
          )
      })
      yield* until(() => started === 1)
      const second = yield* join({ group, topics: [topic] })
      yield* memory.crash(group, 0)
      yield* until(() => second.records().length === 1)
    })
  )

  it.effect("delivers a record without key and value as it is", () =>
    Effect.gen(function* () {
      const topic = newTopic()
      yield* (yield* MemoryBroker).inject({ topic: topic.name, partition: 1, key: null, value: null, headers: {} })
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      yield* until(() => reader.records().length === 1)
      assert.deepStrictEqual([reader.records()[0]!.key, reader.records()[0]!.value], [null, null])
    })
  )
})
