import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  type Counted,
  counted,
  type CountedTopic,
  eachOf,
  keysOf,
  layerWorld,
  lettersOf,
  newGroup,
  newTopic,
  parkedOf,
  patient,
  reaches,
  send,
  start,
  unhurried
} from "./world.ts"

const fails = Effect.fail(new Error("no"))

/** Notes what is done for which key, in order; what it is told to do may fail or stand still. */
const makeJournal = () => {
  const journal = {
    notes: [] as Array<string>,
    prepare: (_keys: ReadonlyArray<string>): Effect.Effect<void, Error> => Effect.void,
    call: (_key: string): Effect.Effect<void, Error> => Effect.void,
    record: (_keys: ReadonlyArray<string>): Effect.Effect<void, Error> => Effect.void
  }
  return journal
}
type Journal = ReturnType<typeof makeJournal>

const entry = (
  topic: CountedTopic,
  journal: Journal,
  policy: Parameters<typeof Consumer.calling>[1]["policy"] = patient
) => {
  const note = (what: string, keys: ReadonlyArray<string>) =>
    Effect.sync(() => void journal.notes.push(...keys.map((key) => `${what} ${key}`)))
  return Consumer.calling(topic, {
    policy: { ...unhurried, ...policy },
    concurrency: 3,
    prepare: Effect.fnUntraced(function* (deliveries: ReadonlyArray<Delivery<Counted>>) {
      const sql = yield* SqlClient.SqlClient
      const keys = deliveries.map(({ key }) => key)
      yield* journal.prepare(keys)
      yield* sql.unsafe(`INSERT INTO intents SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`, [topic.name, keys])
      return deliveries.map(({ event }) => event.n * 10)
    }),
    call: Effect.fnUntraced(function* ({ key }, plan) {
      const sql = yield* SqlClient.SqlClient
      const intents = yield* sql.unsafe(`SELECT FROM intents WHERE topic = $1 AND key = $2`, [topic.name, key])
      assert.lengthOf(intents, 1, "the intent is committed before the call, and others can see it")
      yield* note("call", [key])
      yield* journal.call(key)
      return plan + 1
    }),
    record: Effect.fnUntraced(function* (results: ReadonlyArray<Consumer.Called<Counted, number>>) {
      const sql = yield* SqlClient.SqlClient
      const keys = results.map(({ delivery }) => delivery.key)
      for (const { delivery, result } of results) assert.strictEqual(result, delivery.event.n * 10 + 1)
      yield* journal.record(keys)
      yield* sql.afterCommit(note("record", keys))
    })
  })
}

const count = (journal: Journal, what: string) => journal.notes.filter((note) => note.startsWith(what)).length

const setUp = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(`CREATE TABLE IF NOT EXISTS intents (topic text, key text, PRIMARY KEY (topic, key))`)
  return { topic: newTopic(), group: newGroup(), journal: makeJournal() }
})

layer(layerWorld, { excludeTestServices: true })("a handler that calls the outside", (it) => {
  it.effect(
    "commits the intent, calls once for each event with its plan, and keeps the results with their record",
    () =>
      Effect.gen(function* () {
        const { topic, group, journal } = yield* setUp
        const events = eachOf(keysOf("k", 30))
        yield* start({ group, entries: [entry(topic, journal)] })
        yield* send(topic, ...events, ...events)
        yield* reaches(group, { done: 30 })
        yield* send(topic, ...events, counted("last", 30))
        yield* reaches(group, { done: 31 })
        assert.strictEqual(count(journal, "call"), 31)
        assert.strictEqual(count(journal, "record"), 31)
      })
  )

  it.effect("calls for as many at once as it may, and never for two of one key", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      const [under, twice]: [Array<string>, Array<string>] = [[], []]
      let most = 0
      journal.call = (key) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            if (under.includes(key)) twice.push(key)
            under.push(key)
            most = Math.max(most, under.length)
          }),
          () => Effect.sleep("5 millis"),
          () => Effect.sync(() => void under.splice(under.indexOf(key), 1))
        )
      const keys = keysOf("k", 10).flatMap((key) => [key, key, key])
      yield* send(topic, ...eachOf(keys))
      yield* start({ group, entries: [entry(topic, journal)] })
      yield* reaches(group, { done: 30 })
      assert.strictEqual(most, 3)
      assert.deepStrictEqual(twice, [])
    })
  )

  it.effect("bisects the database step alone when it fails, with the results in hand: nobody is called again", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      journal.record = (keys) => (keys.includes("k5") ? fails : Effect.void)
      yield* send(topic, ...eachOf(keysOf("k", 12)))
      yield* start({ group, entries: [entry(topic, journal, { immediateAttempts: 2, maxAttempts: 2 })] })
      yield* reaches(group, { done: 11, dead: 1 })
      assert.strictEqual(count(journal, "call"), 12)
      assert.strictEqual(count(journal, "record"), 11)
    })
  )

  it.effect("does the others when the call, or the intent, of one fails", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      journal.prepare = (keys) => (keys.includes("k3") ? fails : Effect.void)
      journal.call = (key) => (key === "k7" ? fails : Effect.void)
      yield* send(topic, ...eachOf(keysOf("k", 12)))
      yield* start({ group, entries: [entry(topic, journal, { maxAttempts: 1 })] })
      yield* reaches(group, { done: 10, dead: 2 })
      assert.deepStrictEqual((yield* lettersOf(group)).map(({ key }) => key).toSorted(), ["k3", "k7"])
      assert.notInclude(journal.notes, "call k3")
    })
  )

  it.effect("gives up an intent that hangs, after its budget", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      journal.prepare = (keys) => (keys.includes("k1") ? Effect.never : Effect.void)
      yield* send(topic, ...eachOf(keysOf("k", 2)))
      yield* start({ group, entries: [entry(topic, journal, { maxAttempts: 1, inlineBudget: "400 millis" })] })
      yield* reaches(group, { done: 1, dead: 1 })
    })
  )

  it.effect("a later event of a key whose call failed waits behind it", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      let isFailing = true
      journal.call = (key) => (key === "a" && isFailing ? fails : Effect.void)
      yield* send(topic, counted("a", 0), counted("a", 1), counted("b", 2))
      yield* start({ group, entries: [entry(topic, journal)] })
      yield* eventually(parkedOf(group), (parked) => parked.length === 2)
      yield* eventually(
        Effect.sync(() => journal.notes),
        (notes) => notes.includes("record b")
      )
      isFailing = false
      yield* reaches(group, { done: 3 })
      assert.deepStrictEqual(
        journal.notes.filter((note) => note.startsWith("record")),
        ["record b", "record a", "record a"]
      )
    })
  )

  it.effect("calls again after a crash between the call and its record, and records once", () =>
    Effect.gen(function* () {
      const { topic, group, journal } = yield* setUp
      const memory = yield* MemoryBroker
      let isStanding = true
      journal.record = () => (isStanding ? Effect.never : Effect.void)
      yield* send(topic, counted("a", 0))
      yield* start({ group, entries: [entry(topic, journal)] })
      yield* eventually(
        Effect.sync(() => journal.notes),
        (notes) => notes.includes("call a")
      )
      yield* memory.crash(group, 0)
      isStanding = false
      yield* start({ group, entries: [entry(topic, journal)] })
      yield* reaches(group, { done: 1 })
      assert.deepStrictEqual(journal.notes, ["call a", "call a", "record a"])
    })
  )
})
