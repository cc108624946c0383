import { assert, describe, layer } from "@effect/vitest"
import { Consumer, OutboxRelay, Singleton, Unprocessable } from "@flowforge/messaging"
import { layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Effect, Layer } from "effect"
import { Kafka, type KafkaMessage, logLevel, type Message } from "kafkajs"
import { counted, layerWorld, lettersOf, newGroup, newTopic, start, unhurried } from "../consumer/world.ts"
import { eventually } from "../eventually.ts"

const program = await Effect.runPromise(findKafka)

const valueOf = (n: number, changes = {}) =>
  Buffer.from(JSON.stringify({ ...counted(`é${n}`, n), ...changes }, undefined, 1))

/** By a name that each carries. */
const poison: Readonly<Record<string, Omit<Message, "partition">>> = {
  "null key": { key: null, value: valueOf(1), headers: { traceparent: "00-1" } },
  "null key, and tried again later": { key: null, value: valueOf(-1) },
  "empty key": { key: "", value: valueOf(2) },
  "another's key": { key: "b", value: valueOf(3) },
  "key that is no text": { key: Buffer.from([0xff, 0x00, 0xfe]), value: valueOf(4) },
  "key that no table can hold": { key: `${"é".repeat(600)}\u0000`, value: valueOf(5) },
  "null value": { key: "a", value: null },
  "empty value": { key: "a", value: "" },
  "null key and value": { key: null, value: null },
  "bad JSON": { key: "a", value: '{"event_id":' },
  "value that is no text": { key: "a", value: Buffer.from([0x22, 0xff, 0x22]) },
  "as much as Kafka takes": { key: "a", value: Buffer.alloc(1_040_000, "x") },
  "much of what is no text": { key: "a", value: "{", headers: { bytes: Buffer.alloc(900_000, 0xff) } },
  "unknown type": { key: "é6", value: valueOf(6, { event_type: "thing.lost" }) },
  "headers that are no text, or of one name": {
    key: "a",
    value: "{",
    headers: { bytes: Buffer.from([0xff, 0x80]), twice: ["1", "2"], empty: "" }
  },
  "headers with our own names": {
    key: null,
    value: "{",
    headers: { "flowforge-original": '{"value":null}', ce_id: "other", ce_source: "/elsewhere" }
  }
}

/** What is to arrive as it was: all bytes, and all headers but the story's. */
const bytesOf = ({ headers, key, value }: Pick<KafkaMessage, "headers" | "key" | "value">) => ({
  key: key?.toString("hex") ?? null,
  value: value?.toString("hex") ?? null,
  headers: Object.fromEntries(
    Object.entries(headers ?? {})
      .filter(([name]) => !name.startsWith("flowforge-dead-letter-"))
      .map(([name, values]) => [name, [values].flat().map((one) => Buffer.from(one as string).toString("hex"))])
      .toSorted()
  )
})

/** All that a topic has, with a kafkajs of its own, which knows nothing of us. */
const readAll = (kafka: Kafka, topic: string, count: number) =>
  Effect.gen(function* () {
    const found: Array<KafkaMessage> = []
    const consumer = yield* Effect.acquireRelease(
      Effect.sync(() => kafka.consumer({ groupId: `readers of ${topic}` })),
      (one) => Effect.promise(() => one.disconnect())
    )
    yield* Effect.promise(async () => {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({ eachMessage: async ({ message }) => void found.push(message) })
    })
    yield* eventually(
      Effect.sync(() => found.length),
      (length) => length >= count,
      6_000
    )
    return new Map(found.map((record) => [String(record.headers!["name"]), bytesOf(record)]))
  }).pipe(Effect.scoped)

const lengthOf = (kafka: Kafka, topic: string) =>
  Effect.promise(async () => {
    const admin = kafka.admin()
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets(topic)
    await admin.disconnect()
    return offsets.reduce((sum, { high }) => sum + Number(high), 0)
  })

const suite = () =>
  layer(layerWorld, { excludeTestServices: true, timeout: 60_000 })("a dead letter over Kafka", (it) => {
    it.effect(
      "arrives once in the dead-letter topic, with the key, the value and the headers that it had, byte for byte",
      () =>
        Effect.gen(function* () {
          const server = yield* startKafka(program!)
          const options = { brokers: [server.address], sessionMillis: 2000 }
          const kafka = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING })
          const [topic, group] = [newTopic(), newGroup()]
          yield* prepare(options, { topics: [topic], create: true })
          const sent = Object.entries(poison).map(([name, record], n) => ({
            ...record,
            partition: n % 2,
            headers: { ...record.headers, name }
          }))
          yield* Effect.promise(async () => {
            const producer = kafka.producer()
            await producer.connect()
            await producer.send({ topic: topic.name, messages: sent })
            await producer.disconnect()
          })
          const consumer = Consumer.inDatabase(topic, {
            policy: {
              ...unhurried,
              immediateAttempts: 1,
              maxAttempts: 2,
              backoff: { base: "5 millis", cap: "5 millis" }
            },
            handle: ([{ event }]) =>
              event.n < 0 ? Effect.die("not today") : Effect.fail(new Unprocessable({ reason: "not this one" }))
          })
          yield* Effect.gen(function* () {
            yield* start({ group, entries: [consumer] })
            yield* Layer.build(
              OutboxRelay.layer({ source: group, subscriptions: [] }).pipe(Layer.provide(Singleton.layer("relay")))
            )
            yield* eventually(lettersOf(group), (letters) => letters.length >= sent.length, 4_000)
            const found = yield* readAll(kafka, topic.deadLetterTopic, sent.length)
            assert.deepStrictEqual([...found.keys()].toSorted(), Object.keys(poison).toSorted())
            for (const record of sent) {
              const { headers, key, value } = record
              const bytes = (text: Buffer | string | null | undefined) =>
                text == null ? null : Buffer.from(text as string)
              const expected = bytesOf({ headers, key: bytes(key), value: bytes(value) } as never)
              assert.deepStrictEqual(found.get(headers.name), expected, headers.name)
            }
          }).pipe(Effect.provide(layerKafka(options)), Effect.scoped)
          assert.strictEqual(yield* lengthOf(kafka, topic.deadLetterTopic), sent.length)
          assert.lengthOf(yield* lettersOf(group), sent.length)
        }),
      120_000
    )
  })

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  suite()
})
