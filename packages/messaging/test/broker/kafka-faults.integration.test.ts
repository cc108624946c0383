import { execFile } from "node:child_process"
import { join as joinPath } from "node:path"
import { promisify } from "node:util"
import { assert, describe, layer as suiteWith } from "@effect/vitest"
import { Broker, type Topic } from "@flowforge/messaging"
import { type KafkaOptions, layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Clock, Context, Effect, Layer } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { eventually } from "../eventually.ts"
import { join, keyIn, messageOf, newGroup, newTopic } from "./readers.ts"

const program = await Effect.runPromise(findKafka)

class Started extends Context.Service<
  Started,
  { readonly options: KafkaOptions; readonly server: Effect.Success<ReturnType<typeof startKafka>> }
>()("@flowforge/messaging/test/Started") {
  static readonly layer = Layer.effect(
    Started,
    Effect.map(startKafka(program!), (server) => ({
      server,
      options: { brokers: [server.address], sessionMillis: 2000 }
    }))
  )
}

const suite = () =>
  suiteWith(Started.layer, { excludeTestServices: true, timeout: 60_000 })("the kafka broker and its faults", (it) => {
    it.effect(
      "an idle client sleeps: it wakes some ten times a second, not at every tick of the timers that kafkajs sets without its patch",
      () =>
        Effect.gen(function* () {
          const { options } = yield* Started
          const topic = newTopic()
          yield* prepare(options, { topics: [topic], create: true })
          // In a process of its own: what else a worker of the tests has to do would count as well.
          const client = joinPath(import.meta.dirname, "idle-client.ts")
          const { stdout } = yield* Effect.promise(() =>
            promisify(execFile)(process.execPath, [client, JSON.stringify({ options, topic: topic.name })])
          )
          assert.isBelow(Number(stdout), 30)
        })
    )

    it.effect("refuses for good a header that is no text and a message that is too large", () =>
      Effect.gen(function* () {
        const { options } = yield* Started
        const topic = newTopic()
        yield* prepare(options, { topics: [topic], create: true })
        yield* Effect.gen(function* () {
          const broker = yield* Broker
          const plain = messageOf(topic, "k", "0")
          const numeric = { ...plain, headers: { n: 1 as unknown as string } }
          assert.isTrue((yield* Effect.flip(broker.publish([plain, numeric]))).refused)
          const large = { ...plain, value: new Uint8Array(2_000_000) }
          assert.isTrue((yield* Effect.flip(broker.publish([large]))).refused)
        }).pipe(Effect.provide(layerKafka(options)))
      })
    )

    it.effect(
      "goes on after the broker was stopped, and after it was killed",
      () =>
        Effect.gen(function* () {
          const { options, server } = yield* Started
          const topic = newTopic()
          yield* prepare(options, { topics: [topic], create: true })
          yield* Effect.gen(function* () {
            const broker = yield* Broker
            const reader = yield* join({ group: newGroup(), topics: [topic] })
            const passes = (text: string) =>
              Effect.andThen(
                eventually(
                  Effect.result(broker.publish([messageOf(topic, "k", text)])),
                  (result) => result._tag === "Success"
                ),
                eventually(
                  Effect.sync(() => reader.texts()),
                  (texts) => texts.includes(text),
                  2_500
                )
              )
            yield* passes("first")
            yield* server.stop
            yield* server.start
            yield* passes("after a stop")
            yield* server.kill
            yield* server.start
            yield* passes("after a kill")
          }).pipe(Effect.provide(layerKafka(options)))
        }),
      90_000
    )

    it.effect("says how long the oldest record waits at least", () =>
      Effect.gen(function* () {
        const { options } = yield* Started
        const topic = newTopic()
        yield* prepare(options, { topics: [topic], create: true })
        const producer = new Kafka({ brokers: [...options.brokers], logLevel: logLevel.NOTHING }).producer()
        const send = (partition: number, age: number) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.promise(() =>
              producer.send({ topic: topic.name, messages: [{ partition, value: "", timestamp: String(now - age) }] })
            )
          )
        yield* Effect.acquireRelease(
          Effect.promise(() => producer.connect()),
          () => Effect.promise(() => producer.disconnect())
        )
        yield* Effect.gen(function* () {
          const { subscription } = yield* join({ group: newGroup(), topics: [topic] })
          yield* subscription.pause
          yield* send(0, 0)
          assert.strictEqual(yield* subscription.waiting, 0)
          yield* send(1, 70_000)
          assert.strictEqual(yield* subscription.waiting, 60_000)
          yield* subscription.resume
          yield* eventually(subscription.waiting, (waiting) => waiting === 0)
        }).pipe(Effect.provide(layerKafka(options)))
      })
    )

    it.effect("takes once what is published the moment its topics were made", () =>
      Effect.gen(function* () {
        const { options } = yield* Started
        const topics = Array.from({ length: 25 }, newTopic)
        yield* prepare(options, { topics, create: true })
        yield* Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.publish(topics.flatMap((topic) => [0, 1].map((n) => messageOf(topic, keyIn(n), `${n}`))))
          const { subscription } = yield* join({ group: newGroup(), topics, handle: () => Effect.never })
          assert.deepStrictEqual([...new Set((yield* subscription.lag).values())], [2])
        }).pipe(Effect.provide(layerKafka({ ...options, closeMillis: 500 })))
      })
    )

    it.effect(
      "says which topics are missing or have other partitions, and changes neither; partitions never grow",
      () =>
        Effect.gen(function* () {
          const { options } = yield* Started
          const [there, missing] = [newTopic(), newTopic()]
          yield* prepare(options, { topics: [there], create: true })
          const grown = { ...there, partitions: 3 }
          const look = (topics: ReadonlyArray<Topic.Any>, create: boolean) =>
            Effect.flip(prepare(options, { topics, create })).pipe(
              Effect.map((error) => (error._tag === "TopicsNotReady" ? error.problems : error.reason))
            )
          const isSmaller = [there.name, there.deadLetterTopic].map((name) => `${name} has 2 partitions, not 3`)
          const isMissing = [missing.name, missing.deadLetterTopic].map((name) => `${name} is missing`)
          // Twice: looking makes nothing.
          for (const _ of [1, 2])
            assert.deepStrictEqual(yield* look([grown, missing], false), [...isSmaller, ...isMissing])
          assert.deepStrictEqual(yield* look([grown], true), isSmaller)
          yield* prepare(options, { topics: [there], create: false })
        })
    )
  })

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  suite()
})
