import { assert, describe, layer } from "@effect/vitest"
import { Broker } from "@flowforge/messaging"
import { layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { findKafka, KAFKA_MISSING, startKafkaCluster } from "@flowforge/testkit/kafka"
import { Effect, Layer, Schedule } from "effect"
import { ConfigResourceTypes, Kafka, logLevel } from "kafkajs"
import { eventually } from "../eventually.ts"
import { join, messageOf, newGroup, newTopic } from "./readers.ts"

const program = await Effect.runPromise(findKafka)

/** Looks at the cluster with a kafkajs of its own. */
const administer = Effect.fnUntraced(function* (brokers: ReadonlyArray<string>) {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  yield* Effect.acquireRelease(
    Effect.promise(() => admin.connect()),
    () => Effect.promise(() => admin.disconnect())
  )
  const partitionsOf = (topic: string) =>
    Effect.promise(async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions)
  const settingOf = (topic: string, name: string) =>
    Effect.promise(async () => {
      const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }
      const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
      return resources[0]!.configEntries[0]!.configValue
    })
  return { partitionsOf, settingOf }
})

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

const suite = () =>
  layer(Layer.empty, { excludeTestServices: true, timeout: 60_000 })("three brokers", (it) => {
    it.effect(
      "keep three copies, of which two must be there; one killed is not missed, comes back, and nothing is lost",
      () =>
        Effect.gen(function* () {
          const cluster = yield* startKafkaCluster(program!)
          const brokers = cluster.map(({ address }) => address)
          const options = { brokers, sessionMillis: 6000 }
          const topic = newTopic()
          yield* prepare(options, { topics: [topic], replicas: 3, create: true })
          const { partitionsOf, settingOf } = yield* administer(brokers)
          for (const name of [topic.name, topic.deadLetterTopic]) {
            assert.strictEqual(yield* settingOf(name, "min.insync.replicas"), "2")
            for (const { replicas } of yield* partitionsOf(name)) {
              assert.deepStrictEqual(replicas.toSorted(), [1, 2, 3])
            }
          }
          yield* Effect.gen(function* () {
            const broker = yield* Broker
            // As the relay does: again until it is taken.
            const publish = (from: number, to: number) =>
              broker
                .publish(numbers(from, to).map((n) => messageOf(topic, `key-${n % 7}`, String(n))))
                .pipe(Effect.retry(Schedule.spaced("200 millis")))
            const reader = yield* join({ group: newGroup(), topics: [topic] })
            const hasRead = (count: number) =>
              eventually(
                Effect.sync(() => new Set(reader.texts()).size),
                (size) => size === count,
                6_000
              )
            yield* publish(0, 100)
            yield* hasRead(100)
            // The leader of a partition that is written to and read.
            const { leader } = (yield* partitionsOf(topic.name))[0]!
            const victim = cluster[leader - 1]!
            yield* victim.kill
            yield* publish(100, 200)
            yield* hasRead(200)
            yield* victim.start
            yield* eventually(
              partitionsOf(topic.name),
              (partitions) => partitions.every(({ isr }) => isr.length === 3),
              6_000
            )
            // What it missed it has now: another one may go.
            const second = cluster[leader % 3]!
            yield* second.kill
            yield* publish(200, 300)
            yield* hasRead(300)
            const late = yield* join({ group: newGroup(), topics: [topic] })
            yield* eventually(
              Effect.sync(() => new Set(late.texts()).size),
              (size) => size === 300,
              6_000
            )
          }).pipe(Effect.provide(layerKafka(options)), Effect.scoped)
        }),
      300_000
    )
  })

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  suite()
})
