import { assert, describe, layer } from "@effect/vitest"
import { Broker, type IncomingRecord, OutboxRelay, Singleton, Wakeups } from "@flowforge/messaging"
import { layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { layerTestDatabase } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Duration, Effect, Layer } from "effect"
import { appendTo } from "../appending.ts"
import { topicNamed } from "../broker/readers.ts"
import { eventually } from "../eventually.ts"
import { note } from "../messages.ts"

const program = await Effect.runPromise(findKafka)
const topic = topicNamed("note.taken")
const group = "readers"
const text = new TextDecoder()

const texts = (records: ReadonlyArray<IncomingRecord>, key: string): ReadonlyArray<string> =>
  records.filter((record) => record.key === key).map((record) => JSON.parse(text.decode(record.value!)).text)

const suite = () =>
  layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true, timeout: 60_000 })(
    "OutboxRelay over Kafka",
    (it) => {
      it.effect(
        "brings every row in order for each key; after a wipe, and after the topics are there again, what nobody handled",
        () =>
          Effect.gen(function* () {
            const server = yield* startKafka(program!)
            const options = { brokers: [server.address], sessionMillis: 2000 }
            yield* prepare(options, { topics: [topic], create: true })
            const subscriptions = [{ group, topics: [topic.name] }]
            yield* Effect.gen(function* () {
              const records: Array<IncomingRecord> = []
              const broker = yield* Broker
              yield* broker.subscribe({
                group,
                topics: [topic],
                maxBatch: 100,
                linger: Duration.millis(2),
                handle: (batch) => Effect.sync(() => void records.push(...batch))
              })
              yield* Layer.build(
                OutboxRelay.layer({ source: "order", subscriptions }).pipe(Layer.provide(Singleton.layer("relay")))
              )
              const expected = { a: [] as Array<string>, b: [] as Array<string>, c: [] as Array<string> }
              for (let n = 0; n < 300; n += 3) {
                const rows = (["a", "b", "c"] as const).map((key, i) => {
                  expected[key].push(String(n + i))
                  return note(key, String(n + i))
                })
                yield* appendTo("order", ...rows)
              }
              yield* eventually(
                Effect.sync(() => records.length),
                (count) => count >= 300
              )
              for (const key of ["a", "b", "c"] as const) assert.deepStrictEqual(texts(records, key), expected[key])

              records.length = 0
              yield* server.wipe
              yield* server.start
              yield* prepare(options, { topics: [topic], create: true })
              yield* eventually(
                Effect.sync(() => records.length),
                (count) => count >= 300,
                4_000
              )
              for (const key of ["a", "b", "c"] as const) {
                assert.deepStrictEqual([...new Set(texts(records, key))], expected[key])
              }
            }).pipe(Effect.provide(layerKafka(options)))
          }),
        90_000
      )
    }
  )

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  suite()
})
