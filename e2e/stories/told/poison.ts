import { randomUUID } from "node:crypto"
import { assert } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { Driver, type OpenDeadLetter, type RawRecord } from "../driver.ts"
import { READERS } from "../readers.ts"
import { aboutNobody, type TopicName, topics } from "./about-nobody.ts"
import { endOf, place } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const ITEM = 18
const MEGABYTE = 1024 * 1024

/** Who in the end gives up an event about an order that does not exist. */
const WHO_MISSES_THE_ORDER: Readonly<Record<string, { readonly group: string; readonly topic: string }>> = {
  "order.created": { group: "order", topic: "payment.failed" },
  "order.confirmed": { group: "notification", topic: "order.confirmed" },
  "order.cancelled": { group: "notification", topic: "order.cancelled" },
  "payment.succeeded": { group: "order", topic: "inventory.failed" },
  "payment.failed": { group: "order", topic: "payment.failed" },
  "payment.refunded": { group: "order", topic: "payment.refunded" },
  "inventory.reserved": { group: "order", topic: "inventory.reserved" },
  "inventory.failed": { group: "order", topic: "inventory.failed" }
}

type Poison = Readonly<Record<string, (topic: TopicName) => Pick<RawRecord, "key" | "value">>>

/** Values that nobody can read as an event of the topic. */
const unreadable: Poison = {
  "bad JSON": () => ({ key: randomUUID(), value: '{"event_id": "01' }),
  "no UTF-8": () => ({ key: randomUUID(), value: Uint8Array.of(0xff, 0xfe, 0x00, 0x80) }),
  nothing: () => ({ key: randomUUID(), value: "" }),
  "an unknown type": (topic) => {
    const { event, key } = aboutNobody(topic)
    return { key, value: JSON.stringify({ ...event, event_type: "order.teleported" }) }
  },
  "a later version": (topic) => {
    const { key, later } = aboutNobody(topic)
    return { key, value: JSON.stringify(later) }
  },
  "a megabyte": (topic) => ({
    key: randomUUID(),
    value: JSON.stringify({ event_type: topic, padding: "x".repeat(MEGABYTE) })
  })
}

/** Records that cannot be told whose they are. */
const astray: Poison = {
  "no key": () => ({ key: null, value: "no event" }),
  "another's key": (topic) => ({ key: randomUUID(), value: JSON.stringify(aboutNobody(topic).event) })
}

/** Every poison on every topic. A header says which it is: not each has a key to know it by. */
const onEveryTopic = (poison: Poison): ReadonlyArray<RawRecord> =>
  topics.flatMap((topic) =>
    Object.entries(poison).map(([name, recordOf]) => ({ topic, ...recordOf(topic), headers: { poison: name } }))
  )

/** A dead letter on one line. Where Kafka knows no key, the outbox knows an empty one. */
const line = ({ group, headers, key, topic }: Pick<OpenDeadLetter, "group" | "headers" | "key" | "topic">): string =>
  `${topic}: ${headers["poison"] ?? "a good event"} of ${key ?? ""}, given up by ${group}`

/** What becomes of a record that each of its readers gives up. */
const givenUpByAll = (record: RawRecord): ReadonlyArray<string> =>
  READERS[record.topic]!.map((group) => line({ ...record, group }))

/** Puts the records into their topics, places orders meanwhile, and sees that these letters are dead then and no others. */
const dies = Effect.fnUntraced(function* (records: ReadonlyArray<RawRecord>, expected: ReadonlyArray<string>) {
  const driver = yield* Driver
  const before = new Set((yield* driver.openDeadLetters).map(({ id }) => id))
  const died = Effect.map(driver.openDeadLetters, (letters) => letters.filter(({ id }) => !before.has(id)).map(line))
  const ahead = yield* place({ items: [[ITEM, 1]] })
  yield* driver.inject(records)
  const among = yield* Effect.forEach([1, 2, 3, 4, 5], (user) => place({ user, items: [[ITEM, 1]] }))
  for (const id of [ahead, ...among]) assert.strictEqual((yield* endOf(id)).status, "CONFIRMED")
  // What is missing even then, the comparison names.
  yield* Effect.ignore(
    eventually(
      `${expected.length} dead letters`,
      Effect.map(died, ({ length }) => length >= expected.length)
    )
  )
  yield* driver.atRest
  assert.deepStrictEqual((yield* died).toSorted(), expected.toSorted())
})

export const poison = (it: Teller): void => {
  it.effect("what nobody can read becomes a dead letter of each group that should, and orders flow on", () => {
    const records = onEveryTopic(unreadable)
    return dies(records, records.flatMap(givenUpByAll))
  })

  it.effect(
    "a record whose key is none, or not its event's own, becomes a dead letter of each group that should",
    () => {
      const records = onEveryTopic(astray)
      return dies(records, records.flatMap(givenUpByAll))
    }
  )

  it.effect("a good event about an order that nobody placed ends as one dead letter, and takes nothing", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const records = topics.map((topic): RawRecord => {
        const { event, ...record } = aboutNobody(topic)
        return { topic, ...record, value: JSON.stringify(event) }
      })
      const expected = records.flatMap((record) => {
        const missing = WHO_MISSES_THE_ORDER[record.topic]
        return missing === undefined ? [] : [line({ ...record, ...missing })]
      })
      yield* dies(records, expected)
      for (const { key } of records) assert.deepStrictEqual(yield* driver.moneyOf(key!), { captures: 0, refunds: 0 })
    })
  )
}
