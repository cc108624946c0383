import { Broker, type Topic } from "@flowforge/messaging"
import { layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { describe } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { eventually } from "../eventually.ts"
import { BrokerFaults } from "./faults.ts"
import { topicNamed } from "./readers.ts"
import { brokerSuite } from "./suite.ts"

const program = await Effect.runPromise(findKafka)

/** The suite's topics are made when they are first named. */
const layerPrepared = Layer.unwrap(
  Effect.gen(function* () {
    const server = yield* startKafka(program!)
    const options = { brokers: [server.address], sessionMillis: 2000 }
    const made = new Set<string>()
    const topicsOf = new Map<string, ReadonlyArray<string>>()
    const ensure = (topics: ReadonlyArray<Topic.Any>) =>
      Effect.suspend(() => {
        const missing = topics.filter(({ name }) => !made.has(name))
        for (const { name } of missing) made.add(name)
        return missing.length === 0 ? Effect.void : prepare(options, { topics: missing, create: true })
      }).pipe(Effect.orDie)
    const layerBroker = Layer.effect(
      Broker,
      Effect.map(Broker, (broker) => ({
        ...broker,
        publish: (messages) =>
          Effect.andThen(
            ensure([...new Set(messages.map(({ topic }) => topic))].map(topicNamed)),
            broker.publish(messages)
          ),
        subscribe: (subscribe) => {
          topicsOf.set(
            subscribe.group,
            subscribe.topics.map(({ name }) => name)
          )
          return Effect.andThen(ensure(subscribe.topics), broker.subscribe(subscribe))
        }
      }))
    ).pipe(Layer.provide(layerKafka(options)))
    const loseLeases = (group: string) => intrude(server.address, group, topicsOf.get(group)!)
    return Layer.merge(layerBroker, Layer.succeed(BrokerFaults, { loseLeases }))
  })
)

/** Another member comes, the group goes on without the one that does not answer, and the other leaves again. */
const intrude = (address: string, groupId: string, topics: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const intruder = kafka.consumer({ groupId, sessionTimeout: 2000, rebalanceTimeout: 2000, heartbeatInterval: 200 })
    yield* Effect.promise(async () => {
      await admin.connect()
      await intruder.connect()
      await intruder.subscribe({ topics: [...topics] })
      await intruder.run({ autoCommit: false, eachBatch: async () => {} })
    })
    yield* eventually(
      Effect.promise(() => admin.describeGroups([groupId])),
      ({ groups }) => groups[0]!.state === "Stable" && groups[0]!.members.length === 1
    )
    yield* Effect.promise(async () => {
      await intruder.disconnect()
      await admin.disconnect()
    })
  })

describe.skipIf(program === undefined)(`on Kafka${program === undefined ? ` (${KAFKA_MISSING})` : ""}`, () => {
  brokerSuite("kafka", layerPrepared)
})
