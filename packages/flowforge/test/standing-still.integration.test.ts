import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Topics } from "@flowforge/contracts"
import { Broker } from "@flowforge/messaging"
import { layer as layerKafka, prepare } from "@flowforge/messaging/kafka"
import { launchProcess } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Effect } from "effect"

const program = await Effect.runPromise(findKafka)

describe("a process whose consumer stands still", () => {
  it.live.skipIf(program === undefined)(
    `replaces it, and ends when that did not help${program === undefined ? ` (${KAFKA_MISSING})` : ""}`,
    () =>
      Effect.gen(function* () {
        const server = yield* startKafka(program!)
        const options = { brokers: [server.address] }
        yield* prepare(options, { topics: [Topics.orderCreated], create: true })
        const message = { topic: Topics.orderCreated.name, partition: 0, key: "k", eventId: "e", headers: {} }
        yield* Broker.use((broker) => broker.publish([{ ...message, value: Buffer.from("never read") }])).pipe(
          Effect.provide(layerKafka(options))
        )
        const standing = yield* launchProcess(
          fileURLToPath(new URL("standing-still.ts", import.meta.url)),
          "standing-still",
          { FLOWFORGE_BROKER: "kafka", KAFKA_BROKERS: server.address, KAFKA_STALL_TIMEOUT: "1 second" }
        )
        assert.deepStrictEqual(yield* standing.ended, { code: 1, signal: null }, standing.output())
        assert.include(standing.output(), "A Kafka consumer is replaced")
        assert.include(standing.output(), "the consumer of standing-still stands still: this process ends")
      }),
    60_000
  )
})
