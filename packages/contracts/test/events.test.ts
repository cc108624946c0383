import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { expect } from "vitest"
import { Topics } from "../src/index.ts"
import { type FrozenExample, frozenExamples } from "./frozen-examples.ts"
import { shapeOf } from "./shape.ts"

const topics = Object.values(Topics)

const codecOf = (name: string): Schema.Codec<any> => {
  const topic = topics.find((one) => one.name === name)
  if (topic === undefined) throw new Error(`no topic is called ${name}, and topics that were shipped stay`)
  return topic.schema as Schema.Codec<any>
}
const decode = ({ topic, event }: Pick<FrozenExample, "topic" | "event">) =>
  Schema.decodeUnknownSync(codecOf(topic))(event)

/** The same value with a field nobody knows in each of its objects. */
const withUnknownFields = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withUnknownFields)
  if (typeof value !== "object" || value === null) return value
  const known = Object.entries(value).map(([name, inner]) => [name, withUnknownFields(inner)])
  return { ...Object.fromEntries(known), from_the_future: { any: ["thing", null] } }
}

/** Each way to leave one field out, with the path of what is missing. */
const withoutOneField = (value: unknown, path = ""): ReadonlyArray<readonly [path: string, value: unknown]> => {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === "" ? name : `${path}.${name}`
    const deeper = withoutOneField(inner, here).map(([at, less]) => {
      const copy: any = structuredClone(value)
      copy[name] = less
      return [at, copy] as const
    })
    if (Array.isArray(value)) return deeper
    const { [name]: _, ...less } = value as Record<string, unknown>
    return [[here, less] as const, ...deeper]
  })
}

describe("the wire format", () => {
  const card = readFileSync(join(import.meta.dirname, "../README.md"), "utf8")

  it.each(topics)("of $name is what the card on the door says", ({ name, schema }) => {
    const line = new RegExp(`^${name.replace(".", "\\.")} +(\\{.*\\})$`, "mu").exec(card)?.[1]
    assert.strictEqual(shapeOf(schema), line)
  })
})

describe("examples", () => {
  it.each(topics)("there is one of $name", ({ name }) => {
    assert.include(
      frozenExamples.map(({ path }) => path),
      `${name}/v1.json`
    )
  })

  it("belong to a topic that there is", () => {
    assert.deepStrictEqual(
      new Set(frozenExamples.map(({ topic }) => topic)),
      new Set(topics.map(({ name }) => name as string))
    )
  })

  it.each(frozenExamples)("$path still decodes, and what is known of it is written back the same", (example) => {
    const written = Schema.encodeSync(codecOf(example.topic))(decode(example))
    expect(example.event).toMatchObject(JSON.parse(JSON.stringify(written)))
  })

  it.each(latest())("$path, of the newest version, is written back whole", ({ topic, event }) => {
    assert.deepStrictEqual(Schema.encodeSync(codecOf(topic))(decode({ topic, event })), event)
  })

  it.each(frozenExamples)("$path reads the same with unknown fields at every level", (example) => {
    const strange = withUnknownFields(example.event) as FrozenExample["event"]
    assert.deepStrictEqual(decode({ ...example, event: strange }), decode(example))
  })

  it.each(latest())("$path is refused without any one of its fields", ({ topic, event }) => {
    for (const [path, less] of withoutOneField(event)) {
      if (path === "failed_items" && topic === "order.cancelled") continue
      assert.throws(() => decode({ topic, event: less as FrozenExample["event"] }), /Missing key/u, path)
    }
  })

  it.each(frozenExamples)("$path is not taken for an event of another topic", (example) => {
    for (const { name } of topics.filter((topic) => topic.name !== example.topic)) {
      assert.throws(() => decode({ topic: name, event: example.event }), Error, undefined, name)
    }
  })

  it.each(frozenExamples)("$path has whole cents inside, and its own key", (example) => {
    const event = decode(example)
    const topic = topics.find(({ name }) => name === example.topic)!
    assert.strictEqual((topic.key as (event: unknown) => string)(event), "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e")
    for (const amount of [event.amount, event.total_amount, event.order?.total_amount]) {
      if (amount !== undefined) assert.strictEqual(amount, 5248)
    }
  })
})

/** The examples of each topic's newest version. */
function latest(): ReadonlyArray<FrozenExample> {
  const newest = new Map(frozenExamples.map(({ topic, version }) => [topic, version]))
  for (const { topic, version } of frozenExamples) newest.set(topic, Math.max(newest.get(topic)!, version))
  return frozenExamples.filter(({ topic, version }) => version === newest.get(topic))
}
