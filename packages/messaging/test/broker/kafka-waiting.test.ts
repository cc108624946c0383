import { assert, describe, it } from "@effect/vitest"
import { Broker } from "@flowforge/messaging"
import { layer as layerKafka } from "@flowforge/messaging/kafka"
import { Duration, Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { makeWaiting } from "../../src/kafka/waiting.ts"
import { eventually } from "../eventually.ts"
import { newGroup, newTopic } from "./readers.ts"

const listening = () => {
  const said: Array<string> = []
  return { said, layer: Logger.layer([Logger.make(({ message }) => void said.push(String(message)))]) }
}

describe("a consumer that Kafka does not take in", () => {
  it.effect("says what it waits for once for each reason, waits ever longer, and says when it is there", () => {
    const { layer, said } = listening()
    return Effect.gen(function* () {
      const waiting = makeWaiting()
      const attempt = Effect.fnUntraced(function* (reason: string, seconds: number) {
        const fiber = yield* Effect.forkChild(waiting.notTaken(reason))
        yield* TestClock.adjust(Duration.seconds(seconds - 0.01))
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(Duration.millis(10))
        yield* Fiber.join(fiber)
      })
      yield* waiting.taken
      for (const seconds of [1, 2, 4, 5, 5]) yield* attempt("refused", seconds)
      yield* attempt("no such user", 5)
      yield* waiting.taken
      yield* attempt("refused", 1)
      assert.deepStrictEqual(said, [
        "waiting for Kafka: refused",
        "waiting for Kafka: no such user",
        "Kafka: there",
        "waiting for Kafka: refused"
      ])
    }).pipe(Effect.provide(layer))
  })

  it.live("says so in the words that it was given for the reason", () => {
    const { layer, said } = listening()
    return Effect.gen(function* () {
      yield* (yield* Broker).subscribe({
        group: newGroup(),
        topics: [newTopic()],
        maxBatch: 1,
        linger: Duration.zero,
        handle: () => Effect.void
      })
      const [first] = yield* eventually(
        Effect.sync(() => said),
        (lines) => lines.length > 0
      )
      assert.match(first!, /^waiting for Kafka: look at KAFKA_BROKERS: .*ECONNREFUSED/u)
    }).pipe(
      Effect.scoped,
      Effect.provide(
        layerKafka({
          brokers: ["127.0.0.1:1"],
          closeMillis: 100,
          explain: (reason) => `look at KAFKA_BROKERS: ${reason}`
        })
      ),
      Effect.provide(layer)
    )
  })
})
