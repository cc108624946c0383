import { assert, describe, layer as suiteWith } from "@effect/vitest"
import { Broker, type IncomingRecord, type SubscribeOptions } from "@flowforge/messaging"
import { type KafkaOptions, layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import { eventually } from "../eventually.ts"
import { join, keyIn, messageOf, newGroup, newTopic, textOf } from "./readers.ts"

const program = await Effect.runPromise(findKafka)

class Started extends Context.Service<
  Started,
  { readonly options: KafkaOptions; readonly server: Effect.Success<ReturnType<typeof startKafka>> }
>()("@flowforge/messaging/test/SupervisedKafka") {
  static readonly layer = Layer.effect(
    Started,
    Effect.map(startKafka(program!), (server) => ({
      server,
      options: { brokers: [server.address], sessionMillis: 2000, closeMillis: 1000 }
    }))
  )
}

/** Read by the adapter each time kafkajs hands it a batch: what it answers, or throws, is met inside of kafkajs. */
const lingering = (options: Omit<SubscribeOptions, "linger" | "maxBatch">, linger: () => Duration.Duration) => ({
  ...options,
  maxBatch: 100,
  get linger() {
    return linger()
  }
})

const topicWith = Effect.fnUntraced(function* (options: KafkaOptions, text: string) {
  const topic = newTopic()
  yield* prepare(options, { topics: [topic], create: true })
  yield* (yield* Broker).publish([messageOf(topic, "k", text)])
  return topic
})

const suite = () =>
  suiteWith(Started.layer, { excludeTestServices: true, timeout: 60_000 })("a consumer under supervision", (it) => {
    it.effect(
      "is replaced when kafkajs gave it up for good",
      () =>
        Effect.gen(function* () {
          const { options } = yield* Started
          yield* Effect.gen(function* () {
            const topic = yield* topicWith(options, "after the crash")
            let reads = 0
            const handled: Array<string> = []
            yield* (yield* Broker).subscribe(
              lingering(
                {
                  group: newGroup(),
                  topics: [topic],
                  handle: (records) => Effect.sync(() => void handled.push(...records.map(textOf)))
                },
                () => {
                  reads += 1
                  // Of what leaves a batch, kafkajs gives up for good on this kind.
                  if (reads === 1) throw new TypeError("a bug inside of kafkajs")
                  return Duration.zero
                }
              )
            )
            yield* eventually(
              Effect.sync(() => handled),
              (texts) => texts.includes("after the crash"),
              4_000
            )
            assert.isAtLeast(reads, 2)
          }).pipe(Effect.provide(layerKafka(options)), Effect.scoped)
        }),
      90_000
    )

    it.effect(
      "is replaced when it lags and stands still, which it says of itself, and told of when that did not help",
      () =>
        Effect.gen(function* () {
          const { options } = yield* Started
          const stalled: Array<string> = []
          const watched = {
            ...options,
            stallMillis: 1500,
            onStalled: (group: string) => Effect.sync(() => void stalled.push(group))
          }
          yield* Effect.gen(function* () {
            const topic = yield* topicWith(options, "never read")
            const group = newGroup()
            let consumers = 0
            const subscription = yield* (yield* Broker).subscribe(
              lingering({ group, topics: [topic], handle: () => Effect.void }, () => {
                consumers += 1
                return Duration.days(20)
              })
            )
            yield* eventually(subscription.state, (state) => state === "stalled", 5_000)
            assert.deepStrictEqual(stalled, [])
            yield* eventually(
              Effect.sync(() => stalled),
              (groups) => groups.includes(group),
              5_000
            )
            assert.isAtLeast(consumers, 2)
          }).pipe(Effect.provide(layerKafka(watched)), Effect.scoped)
        }),
      90_000
    )

    it.effect(
      "does not stand still while others of its group have records in hand, or wait for them, and itself has none",
      () =>
        Effect.gen(function* () {
          const { options } = yield* Started
          const stalled: Array<string> = []
          const onStalled = (group: string) => Effect.sync(() => void stalled.push(group))
          yield* Effect.gen(function* () {
            const topic = yield* topicWith(options, "before")
            const broker = yield* Broker
            const [shared, standing] = [newGroup(), newGroup()]
            const handle = (records: ReadonlyArray<IncomingRecord>) =>
              records.some((record) => textOf(record) === "no end") ? Effect.never : Effect.void
            const busy = yield* join({ group: shared, topics: [topic], handle })
            const idle = yield* join({ group: shared, topics: [topic], handle })
            // One partition each; whoever was in the group alone at first has read of both.
            const lately = ({ records }: typeof idle) => [
              ...new Set(
                records()
                  .slice(-6)
                  .map(({ partition }) => partition)
              )
            ]
            const [own] = yield* eventually(
              Effect.andThen(
                broker.publish([0, 1].map((n) => messageOf(topic, keyIn(n), "before"))),
                Effect.sync(() => [...lately(idle), ...lately(busy)])
              ),
              (partitions) => partitions.length === 2 && partitions[0] !== partitions[1],
              4_000
            )
            const other = 1 - own!
            yield* broker.publish([messageOf(topic, keyIn(other), "no end"), messageOf(topic, keyIn(other), "behind")])
            yield* broker.subscribe(
              lingering({ group: standing, topics: [topic], handle: () => Effect.void }, () => Duration.days(20))
            )
            yield* eventually(
              Effect.sync(() => stalled),
              (groups) => groups.includes(standing),
              5_000
            )
            assert.notInclude(stalled, shared)
            assert.deepStrictEqual(
              [yield* busy.subscription.state, yield* idle.subscription.state],
              ["running", "running"]
            )
            assert.isAtLeast((yield* idle.subscription.lag).get(topic.name)!, 1)
          }).pipe(Effect.provide(layerKafka({ ...options, stallMillis: 1500, onStalled })), Effect.scoped)
        }),
      90_000
    )

    it.effect(
      "leaves within its deadline from a Kafka that does not answer",
      () =>
        Effect.gen(function* () {
          const { options, server } = yield* Started
          yield* Effect.gen(function* () {
            const topic = yield* topicWith(options, "before the silence")
            const scope = yield* Scope.make()
            const reader = yield* join({ group: newGroup(), topics: [topic] }).pipe(Scope.provide(scope))
            yield* eventually(
              Effect.sync(() => reader.texts()),
              (texts) => texts.length === 1,
              4_000
            )
            yield* Effect.acquireRelease(server.freeze, () => server.thaw)
            const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
            // The lanes, and then kafkajs, have a second each; its own answer would take ten.
            assert.isBelow(Duration.toMillis(took), 8_000)
          }).pipe(Effect.provide(layerKafka(options)), Effect.scoped)
        }),
      90_000
    )
  })

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  suite()
})
