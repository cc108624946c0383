import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect } from "effect"
import { topicOverrides, topicsWith } from "../src/settings/topics.ts"

const read = (json?: string) =>
  topicOverrides.read.pipe(
    Effect.map(topicsWith),
    Effect.provide(
      ConfigProvider.layer(ConfigProvider.fromEnv({ env: json === undefined ? {} : { KAFKA_TOPIC_OVERRIDES: json } }))
    )
  )

const shapeOf = (topics: Effect.Success<ReturnType<typeof read>>, name: string) =>
  topics
    .filter((topic) => topic.name === name)
    .map(({ partitions, retention }) => ({ partitions, days: Duration.toDays(retention) }))

describe("the topics of an installation", () => {
  it.effect("are as the contracts say, where nothing else is told", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(shapeOf(yield* read(), "order.created"), [{ partitions: 2, days: 7 }])
    })
  )
  it.effect("have other partitions or another retention where that is told, each by its name", () =>
    Effect.gen(function* () {
      const topics = yield* read('{"order.created":{"partitions":6},"payment.failed":{"retentionHours":24}}')
      assert.deepStrictEqual(shapeOf(topics, "order.created"), [{ partitions: 6, days: 7 }])
      assert.deepStrictEqual(shapeOf(topics, "payment.failed"), [{ partitions: 2, days: 1 }])
      assert.deepStrictEqual(shapeOf(topics, "order.confirmed"), [{ partitions: 2, days: 7 }])
    })
  )
  it.effect("that nobody knows, or numbers that are none, stop the start with the variable's name", () =>
    Effect.gen(function* () {
      for (const json of ['{"orders":{"partitions":6}}', '{"order.created":{"partitions":0}}', "six"]) {
        const { mistakes } = yield* Effect.flip(read(json))
        assert.strictEqual(mistakes.length, 1)
        assert.match(mistakes[0]!, /^KAFKA_TOPIC_OVERRIDES is wrong/u)
      }
    })
  )
})
