import { assert, layer } from "@effect/vitest"
import { Consumer, type IncomingRecord, message } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { Effect } from "effect"
import { eventually } from "../eventually.ts"
import {
  counted,
  type CountedTopic,
  layerWorld,
  lettersOf,
  newGroup,
  newTopic,
  reaches,
  send,
  start,
  unhurried
} from "./world.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()

const consume = (group: string, topic: CountedTopic) =>
  start({ group, entries: [Consumer.inDatabase(topic, { policy: unhurried, handle: () => Effect.void })] })

/** A record as another program might have written it. */
const inject = (topic: CountedTopic, record: Partial<IncomingRecord>) =>
  MemoryBroker.use((memory) =>
    memory.inject({ topic: topic.name, partition: 0, key: "a", value: utf8.encode("{}"), headers: {}, ...record })
  )

const json = (value: unknown) => utf8.encode(JSON.stringify(value))
const event = counted("a", 0)

const bad: ReadonlyArray<readonly [what: string, record: Partial<IncomingRecord>, error: RegExp]> = [
  ["a null value", { value: null }, /null/u],
  ["bytes that are no JSON", { value: utf8.encode("{") }, /not JSON/u],
  ["bytes that are no UTF-8", { value: new Uint8Array([0x22, 0xff, 0x22]) }, /not JSON in UTF-8/u],
  ["JSON of another shape", { value: json({ ...event, n: "many" }) }, /\["n"\]/u],
  ["an event of another type", { value: json({ ...event, event_type: "thing.lost" }) }, /\["event_type"\]/u],
  ["the key of another", { key: "b", value: json(event) }, /the key is not the event's own/u],
  ["an id that is no UUID", { value: json({ ...event, event_id: "7" }) }, /not a UUID/u],
  ["a key that PostgreSQL cannot store", { key: "a\u0000", value: json({ ...event, key: "a\u0000" }) }, /U\+0000/u],
  ["a key that no index can hold", { key: "é".repeat(501), value: json({ ...event, key: "é".repeat(501) }) }, /longer/u]
]

layer(layerWorld, { excludeTestServices: true })("what cannot be decoded", (it) => {
  for (const [what, record, error] of bad) {
    it.effect(`${what}: a dead letter at once, with its bytes, and what comes behind it goes on`, () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        yield* consume(group, topic)
        yield* inject(topic, { headers: { from: "elsewhere" }, ...record })
        yield* send(topic, counted("a", 1))
        yield* reaches(group, { done: 1 })
        const [letter, ...more] = yield* eventually(lettersOf(group), (letters) => letters.length > 0)
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual([letter!.error_kind, letter!.attempts, letter!.event_id], ["undecodable", 1, null])
        assert.match(letter!.error, error)
        const value = record.value === undefined ? utf8.encode("{}") : record.value
        assert.deepStrictEqual(letter!.value && new Uint8Array(letter!.value), value)
        assert.deepStrictEqual(JSON.parse(text.decode(letter!.headers)), { from: "elsewhere" })
        assert.deepStrictEqual([letter!.partition, letter!.broker_offset], [0, "0"])
      })
    )
  }

  it.effect("says what is wrong without repeating the value", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* consume(group, topic)
      yield* inject(topic, { value: json({ ...event, n: "4111 1111 1111 1111" }) })
      const [letter] = yield* eventually(lettersOf(group), (letters) => letters.length > 0)
      assert.notInclude(letter!.error, "4111")
    })
  )

  it.effect("is one dead letter however often it is delivered, and another after the broker lost its data", () =>
    Effect.gen(function* () {
      const memory = yield* MemoryBroker
      const [topic, group] = [newTopic(), newGroup()]
      let executions = 0
      const entries = [
        Consumer.inDatabase(topic, {
          policy: { inlineBudget: "1 minute" },
          handle: () => (executions++ === 0 ? Effect.never : Effect.void)
        })
      ]
      yield* inject(topic, { value: null })
      yield* inject(topic, { value: json(event) })
      const first = yield* start({ group, entries })
      yield* eventually(
        Effect.sync(() => executions),
        (count) => count === 1
      )
      yield* Effect.andThen(memory.crash(group, 0), first.stop)
      yield* start({ group, entries })
      yield* reaches(group, { done: 1 })
      assert.lengthOf(yield* lettersOf(group), 1)
      yield* memory.wipe
      yield* inject(topic, { value: null })
      const letters = yield* eventually(lettersOf(group), (letters) => letters.length === 2)
      assert.deepStrictEqual(
        letters.map((letter) => letter.broker_offset),
        ["0", "0"]
      )
    })
  )
})

layer(layerWorld, { excludeTestServices: true })("an event for another group", (it) => {
  it.effect("is acknowledged unseen by all but the group that its header names", () =>
    Effect.gen(function* () {
      const [topic, target, other] = [newTopic(), newGroup(), newGroup()]
      yield* consume(target, topic)
      yield* consume(other, topic)
      const { value, key } = message(topic, event)
      yield* inject(topic, { value, key, headers: { "flowforge-target-group": target } })
      yield* send(topic, counted("a", 1))
      yield* reaches(target, { done: 2 })
      yield* reaches(other, { done: 1 })
    })
  )

  it.effect("is acknowledged unseen even when it could not be decoded", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* consume(group, topic)
      yield* inject(topic, { value: null, headers: { "flowforge-target-group": "elsewhere" } })
      yield* send(topic, counted("a", 1))
      yield* reaches(group, { done: 1 })
      assert.deepStrictEqual(yield* lettersOf(group), [])
    })
  )
})

layer(layerWorld, { excludeTestServices: true })("an id in capital letters", (it) => {
  it.effect("is the same id: the event has its effect, and has it once", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const handled: Array<string> = []
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: unhurried,
            handle: (deliveries) => Effect.sync(() => void handled.push(...deliveries.map(({ eventId }) => eventId)))
          })
        ]
      })
      yield* send(topic, { ...event, event_id: event.event_id.toUpperCase() })
      yield* reaches(group, { done: 1 })
      yield* send(topic, event, counted("a", 1))
      yield* reaches(group, { done: 2 })
      assert.strictEqual(handled[0], event.event_id)
      assert.lengthOf(handled, 2)
    })
  )
})
