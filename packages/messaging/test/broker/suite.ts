import { assert, layer as suiteWith } from "@effect/vitest"
import { Broker, type IncomingRecord } from "@flowforge/messaging"
import { Deferred, Duration, Effect, type Layer } from "effect"
import { eventually } from "../eventually.ts"
import { BrokerFaults } from "./faults.ts"
import { join, keyIn, messageOf, newGroup, newTopic, type Reader, textOf } from "./readers.ts"

const numbers = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: to - from }, (_, i) => String(from + i))

const until = (isSo: () => boolean) => eventually(Effect.sync(isSo), (so) => so)

const lagOf = (reader: Reader, topic: { readonly name: string }) =>
  Effect.map(reader.subscription.lag, (lag) => lag.get(topic.name))

const textsOfKey = (records: ReadonlyArray<IncomingRecord>, key: string) =>
  records.filter((record) => record.key === key).map(textOf)

/** What holds for every broker, whatever carries the messages. */
export const brokerSuite = <E>(name: string, layer: Layer.Layer<Broker | BrokerFaults, E>) =>
  suiteWith(layer, { excludeTestServices: true, timeout: 90_000 })(`the ${name} broker`, (it) => {
    it.effect("delivers every message as it was published, in order for each key", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const [topic, group] = [newTopic(), newGroup()]
        const keys = ["a", "b", "c", "d", "e"]
        const reader = yield* join({ group, topics: [topic] })
        for (let round = 0; round < 20; round++) {
          yield* broker.publish(
            keys.flatMap((key) => [messageOf(topic, key, `${2 * round}`), messageOf(topic, key, `${2 * round + 1}`)])
          )
        }
        yield* until(() => reader.records().length >= 200)
        for (const key of keys) assert.deepStrictEqual(textsOfKey(reader.records(), key), numbers(0, 40))
        const record = reader.records()[0]!
        const sent = messageOf(topic, record.key!, textOf(record))
        assert.deepStrictEqual(
          { topic: record.topic, partition: record.partition, headers: record.headers },
          { topic: sent.topic, partition: sent.partition, headers: sent.headers }
        )
      })
    )

    it.effect("gives every record of a partition an offset of its own", () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        yield* (yield* Broker).publish(numbers(0, 50).map((n) => messageOf(topic, n, n)))
        const reader = yield* join({ group, topics: [topic] })
        yield* until(() => reader.records().length >= 50)
        assert.strictEqual(new Set(reader.records().map((record) => `${record.partition}:${record.offset}`)).size, 50)
      })
    )

    it.effect("carries an empty key and an empty value", () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        yield* (yield* Broker).publish([messageOf(topic, "", "")])
        const reader = yield* join({ group, topics: [topic] })
        yield* until(() => reader.records().length >= 1)
        assert.deepStrictEqual([reader.records()[0]!.key, reader.records()[0]!.value!.length], ["", 0])
      })
    )

    it.effect("gives everything to each group, also what was published before it came", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const topic = newTopic()
        yield* broker.publish(numbers(0, 10).map((n) => messageOf(topic, "k", n)))
        const first = yield* join({ group: newGroup(), topics: [topic] })
        yield* until(() => first.records().length >= 10)
        yield* broker.publish(numbers(10, 20).map((n) => messageOf(topic, "k", n)))
        const second = yield* join({ group: newGroup(), topics: [topic] })
        yield* until(() => first.records().length >= 20 && second.records().length >= 20)
        assert.deepStrictEqual(first.texts(), numbers(0, 20))
        assert.deepStrictEqual(second.texts(), numbers(0, 20))
      })
    )

    it.effect("keeps batches within their bound, and to one topic", () =>
      Effect.gen(function* () {
        const topics = [newTopic(), newTopic()]
        yield* (yield* Broker).publish(numbers(0, 100).flatMap((n) => topics.map((topic) => messageOf(topic, n, n))))
        const reader = yield* join({ group: newGroup(), topics, maxBatch: 7 })
        yield* until(() => reader.records().length >= 200)
        assert.isAtMost(Math.max(...reader.batches.map((batch) => batch.length)), 7)
        assert.isTrue(reader.batches.every((batch) => new Set(batch.map((record) => record.topic)).size === 1))
      })
    )

    it.effect("gathers what comes within the linger into one batch", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const topic = newTopic()
        const reader = yield* join({ group: newGroup(), topics: [topic], linger: Duration.seconds(1) })
        yield* broker.publish([messageOf(topic, "k", "first")])
        yield* until(() => reader.records().length >= 1)
        const publishAll = Effect.forEach(numbers(0, 10), (n) => broker.publish([messageOf(topic, "k", n)]))
        const [took] = yield* Effect.timed(publishAll)
        yield* until(() => reader.records().length >= 11)
        // A poll may cut the gathering short, once; on a busy machine the publishing outlasts the linger.
        assert.isAtMost(reader.batches.length - 1, 2 + Math.floor(Duration.toSeconds(took)))
      })
    )

    it.effect("delivers a batch again when its handler failed, before what comes after it", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const topic = newTopic()
        const attempts: Array<ReadonlyArray<string>> = []
        yield* broker.publish(numbers(0, 3).map((n) => messageOf(topic, "k", n)))
        const reader = yield* join({
          group: newGroup(),
          topics: [topic],
          handle: (records) =>
            Effect.suspend(() => {
              attempts.push(records.map(textOf))
              return attempts.length <= 2 ? Effect.die("no") : Effect.void
            })
        })
        yield* until(() => attempts.length >= 1)
        yield* broker.publish([messageOf(topic, "k", "3")])
        yield* until(() => reader.records().length >= 4)
        assert.deepStrictEqual(reader.texts(), numbers(0, 4))
        assert.deepStrictEqual(attempts.map((texts) => texts[0]).slice(0, 3), ["0", "0", "0"])
      })
    )

    it.effect("a handler that throws for one partition holds up neither the other nor other topics", () =>
      Effect.gen(function* () {
        const [poisoned, healthy] = [newTopic(), newTopic()]
        yield* (yield* Broker).publish([
          messageOf(poisoned, keyIn(0), "poison"),
          ...numbers(0, 10).flatMap((n) => [messageOf(poisoned, keyIn(1), n), messageOf(healthy, keyIn(0), n)])
        ])
        let poison = 0
        const reader = yield* join({
          group: newGroup(),
          topics: [poisoned, healthy],
          handle: (records) => {
            if (!records.some((record) => textOf(record) === "poison")) return Effect.void
            poison += 1
            throw new TypeError("poison")
          }
        })
        yield* until(() => reader.records().length >= 20)
        yield* until(() => poison >= 3)
        assert.strictEqual(yield* lagOf(reader, healthy), 0)
        assert.strictEqual(yield* lagOf(reader, poisoned), 1)
      })
    )

    it.effect("never has two batches of a partition under way", () =>
      Effect.gen(function* () {
        const topics = [newTopic(), newTopic()]
        const underWay = new Map<string, number>()
        let overlapped = false
        const add = (records: ReadonlyArray<IncomingRecord>, by: number) => {
          for (const place of new Set(records.map((record) => `${record.topic}/${record.partition}`))) {
            const count = (underWay.get(place) ?? 0) + by
            underWay.set(place, count)
            if (count > 1) overlapped = true
          }
        }
        const group = newGroup()
        yield* (yield* Broker).publish(numbers(0, 60).flatMap((n) => topics.map((topic) => messageOf(topic, n, n))))
        const options = {
          group,
          topics,
          maxBatch: 5,
          handle: (records: ReadonlyArray<IncomingRecord>) =>
            Effect.gen(function* () {
              add(records, 1)
              yield* Effect.sleep(3)
              add(records, -1)
            })
        }
        const first = yield* join(options)
        const second = yield* join(options)
        yield* until(() => first.records().length + second.records().length >= 120)
        assert.isFalse(overlapped)
      })
    )

    it.effect("shares the partitions between two members, and gives them all to the one that stays", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const [topic, group] = [newTopic(), newGroup()]
        const publishUntil = (isSo: () => boolean) => {
          let n = 0
          return eventually(
            Effect.andThen(
              Effect.suspend(() => broker.publish([0, 1].map((p) => messageOf(topic, keyIn(p), String(n++))))),
              Effect.sync(isSo)
            ),
            (so) => so
          )
        }
        const partitionsOf = (reader: Reader, from: number) =>
          new Set(
            reader
              .records()
              .slice(from)
              .map((record) => record.partition)
          )
        const first = yield* join({ group, topics: [topic] })
        yield* publishUntil(() => partitionsOf(first, 0).size === 2)
        const second = yield* join({ group, topics: [topic] })
        yield* publishUntil(() => second.records().length >= 3)
        const mark = first.records().length
        yield* publishUntil(() => first.records().length > mark + 3)
        assert.strictEqual(partitionsOf(first, mark).size, 1)
        assert.strictEqual(partitionsOf(second, 0).size, 1)
        assert.notDeepEqual(partitionsOf(first, mark), partitionsOf(second, 0))
        assert.strictEqual(yield* second.subscription.members, 2)
        const third = second.records().length
        yield* first.leave
        yield* publishUntil(() => partitionsOf(second, third).size === 2)
        assert.strictEqual(yield* second.subscription.members, 1)
        yield* eventually(lagOf(second, topic), (lag) => lag === 0)
        // Nobody failed or was lost, so every record came once.
        const seen = [...first.records(), ...second.records()].map((record) => `${record.partition}:${record.offset}`)
        assert.strictEqual(new Set(seen).size, seen.length)
      })
    )

    it.effect("a member that lost its lease acknowledges nothing", () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        const holdUp = yield* Deferred.make<void>()
        const attempts: Array<ReadonlyArray<string>> = []
        yield* (yield* Broker).publish(numbers(0, 5).map((n) => messageOf(topic, "k", n)))
        const reader = yield* join({
          group,
          topics: [topic],
          handle: (records) =>
            Effect.suspend(() => {
              attempts.push(records.map(textOf))
              return attempts.length === 1 ? Deferred.await(holdUp) : Effect.void
            })
        })
        yield* until(() => attempts.length === 1)
        yield* (yield* BrokerFaults).loseLeases(group)
        yield* Deferred.succeed(holdUp, undefined)
        yield* until(() => attempts.length >= 2)
        assert.deepStrictEqual(attempts[1], numbers(0, 5))
        yield* eventually(lagOf(reader, topic), (lag) => lag === 0)
      })
    )

    it.effect("delivers nothing while paused, finishes what is in hand, and goes on when resumed", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const topic = newTopic()
        const holdUp = yield* Deferred.make<void>()
        let started = 0
        yield* broker.publish([messageOf(topic, "k", "0")])
        const reader = yield* join({
          group: newGroup(),
          topics: [topic],
          handle: () =>
            Effect.suspend(() => {
              started += 1
              return Deferred.await(holdUp)
            })
        })
        yield* until(() => started === 1)
        yield* reader.subscription.pause
        assert.strictEqual(yield* reader.subscription.state, "paused")
        yield* broker.publish([messageOf(topic, "k", "1")])
        yield* Deferred.succeed(holdUp, undefined)
        // The acknowledgement of the first is the last thing that a paused member does.
        yield* eventually(lagOf(reader, topic), (lag) => lag === 1)
        assert.deepStrictEqual(reader.texts(), ["0"])
        yield* reader.subscription.resume
        assert.strictEqual(yield* reader.subscription.state, "running")
        yield* until(() => reader.records().length === 2)
      })
    )

    it.effect("finishes and acknowledges the batch in hand when it leaves", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const [topic, group] = [newTopic(), newGroup()]
        let started = 0
        yield* broker.publish([messageOf(topic, "k", "0")])
        const first = yield* join({
          group,
          topics: [topic],
          handle: () =>
            Effect.suspend(() => {
              started += 1
              return Effect.sleep(100)
            })
        })
        yield* until(() => started === 1)
        yield* first.leave
        assert.deepStrictEqual(first.texts(), ["0"])
        yield* broker.publish([messageOf(topic, "k", "1")])
        const second = yield* join({ group, topics: [topic] })
        yield* until(() => second.records().length >= 1)
        assert.deepStrictEqual(second.texts(), ["1"])
        assert.strictEqual(started, 1)
      })
    )

    it.effect("counts as lag what the group has not acknowledged", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        const topics = [newTopic(), newTopic()] as const
        const reader = yield* join({ group: newGroup(), topics })
        yield* reader.subscription.pause
        yield* broker.publish(numbers(0, 12).map((n) => messageOf(topics[0], n, n)))
        yield* eventually(lagOf(reader, topics[0]), (lag) => lag === 12)
        assert.strictEqual(yield* lagOf(reader, topics[1]), 0)
        yield* reader.subscription.resume
        yield* eventually(lagOf(reader, topics[0]), (lag) => lag === 0)
      })
    )

    it.effect("lets nothing wait where all is acknowledged", () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        yield* (yield* Broker).publish([messageOf(topic, "k", "0")])
        const reader = yield* join({ group, topics: [topic] })
        yield* eventually(lagOf(reader, topic), (lag) => lag === 0)
        assert.strictEqual(yield* reader.subscription.waiting, 0)
      })
    )

    it.effect("names its cluster the same each time", () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        assert.strictEqual(yield* broker.clusterId, yield* broker.clusterId)
      })
    )
  })
