import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"
import { Topics } from "../src/index.ts"
import { frozenExamples } from "./frozen-examples.ts"

const topics = Object.values(Topics)

describe("topics", () => {
  it("have names of their own, written <noun>.<what happened to it>", () => {
    const names = topics.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /^[a-z]+\.[a-z]+$/u)
  })

  it.each(topics)("$name has the dead-letter topic $name.dlq", ({ name, deadLetterTopic }) => {
    assert.strictEqual(deadLetterTopic, `${name}.dlq`)
  })

  it.each(topics)("$name carries events of its own type only", ({ name, schema }) => {
    const { event } = frozenExamples.find(({ topic }) => topic === name)!
    const decode = Schema.decodeUnknownSync(schema as Schema.Codec<any>)
    assert.strictEqual(decode(event).event_type, name)
    assert.throws(() => decode({ ...event, event_type: "order.shipped" }))
  })

  it.each(topics)("$name is keyed by the order, so that an order's events keep their order", ({ name, key }) => {
    const { event } = frozenExamples.find(({ topic }) => topic === name)!
    const orderId = (event["order"] as { order_id: string } | undefined)?.order_id ?? event["order_id"]
    assert.strictEqual((key as (event: unknown) => string)(event), orderId)
  })

  it.each(topics)("$name keeps events for a week in two partitions", ({ partitions, retention }) => {
    assert.deepStrictEqual([partitions, Duration.toDays(retention)], [2, 7])
  })
})
