import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery, InHand, Unprocessable } from "@flowforge/messaging"
import { Effect, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  type Counted,
  counted,
  delayed,
  eachOf,
  keysOf,
  layerWorld,
  lettersOf,
  makeDue,
  newGroup,
  newTopic,
  notingLogs,
  parkedOf,
  patient,
  reaches,
  send,
  start
} from "./world.ts"

/** Notes what it did, by topic, key and number, in the order of the commits; fails for what it is told to fail for. */
const noting = Effect.fnUntraced(function* () {
  const sql = yield* SqlClient.SqlClient
  const done = yield* Ref.make<ReadonlyArray<string>>([])
  const failing = yield* Ref.make<ReadonlySet<string>>(new Set())
  const handle =
    (topic: string) =>
    (deliveries: ReadonlyArray<Delivery<Counted>>): Effect.Effect<void, unknown> =>
      Effect.gen(function* () {
        const names = deliveries.map(({ event }) => `${topic} ${event.key}${event.n}`)
        const fails = yield* Ref.get(failing)
        const atFault = names.find((name) => fails.has(name))
        if (atFault !== undefined) return yield* Effect.fail(new Error(`${atFault} fails`))
        yield* sql.afterCommit(Ref.update(done, (before) => [...before, ...names]))
      })
  return { done: Ref.get(done), fail: (...names: ReadonlyArray<string>) => Ref.set(failing, new Set(names)), handle }
})

const has =
  (...names: ReadonlyArray<string>) =>
  (done: ReadonlyArray<string>) =>
    names.every((name) => done.includes(name))

layer(layerWorld, { excludeTestServices: true })("a parked event", (it) => {
  it.effect("holds back the later ones of its key and topic alone; they follow in their order", () =>
    Effect.gen(function* () {
      const [one, other, group] = [newTopic(), newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      yield* fail("one a1")
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(one, { policy: delayed, handle: handle("one") }),
          Consumer.inDatabase(other, { policy: delayed, handle: handle("other") })
        ]
      })
      yield* send(one, counted("a", 0), counted("a", 1), counted("a", 2), counted("b", 1))
      yield* eventually(parkedOf(group), (parked) => parked.length > 0)
      yield* send(one, counted("a", 3), counted("b", 2))
      yield* send(other, counted("a", 1), counted("a", 2))
      yield* eventually(done, has("one a0", "one b1", "one b2", "other a1", "other a2"))
      yield* reaches(group, { done: 5, parked: 3 })
      assert.deepStrictEqual(
        (yield* parkedOf(group)).map(({ key, attempts, error }) => [key, attempts, error]),
        [
          ["a", 2, "Error: one a1 fails"],
          ["a", 0, null],
          ["a", 0, null]
        ]
      )
      yield* fail()
      yield* makeDue(group)
      yield* reaches(group, { done: 8 })
      assert.deepStrictEqual((yield* done).slice(-3), ["one a1", "one a2", "one a3"])
      // Nothing is held back any more.
      yield* send(one, counted("a", 4))
      yield* reaches(group, { done: 9 })
      assert.deepStrictEqual(yield* parkedOf(group), [])
    })
  )

  it.effect("is tried again within the bounds of the backoff: full jitter", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group, keys] = [newTopic(), newGroup(), keysOf("k", 30)]
      const { fail, handle } = yield* noting()
      yield* fail(...eachOf(keys).map(({ key, n }) => `topic ${key}${n}`))
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...delayed, immediateAttempts: 1, backoff: { base: "1 hour", cap: "2 hours" } },
            handle: handle("topic")
          })
        ]
      })
      yield* send(topic, ...eachOf(keys))
      for (const [attempts, longest] of [1, 2, 2].map((hours, n) => [n + 1, hours] as const)) {
        yield* eventually(
          parkedOf(group),
          (parked) => parked.filter((each) => each.attempts === attempts).length === 30
        )
        const rows = yield* eventually(
          sql.unsafe<{ hours: number }>(
            `SELECT extract(epoch FROM next_attempt_at - now())::float8 / 3600 AS hours FROM parked_keys
              WHERE consumer_group = $1 AND lease IS NULL`,
            [group]
          ),
          (rows) => rows.length === 30
        )
        const waits = rows.map(({ hours }) => hours / longest)
        assert.isAtMost(Math.max(...waits), 1)
        // Spread over the whole range; that 30 of them miss a third of it happens once in 190,000 times.
        assert.isBelow(Math.min(...waits), 1 / 3)
        assert.isAbove(Math.max(...waits), 2 / 3)
        yield* makeDue(group)
      }
    })
  )

  it.effect("that another attempt had in hand is tried again when that is over, not after the backoff", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const over = performance.now() + 500
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...delayed, immediateAttempts: 5 },
            handle: () =>
              Effect.suspend(() => {
                const forMillis = over - performance.now()
                return forMillis > 0 ? Effect.fail(new InHand({ reason: "someone is at it", forMillis })) : Effect.void
              })
          })
        ]
      })
      yield* send(topic, counted("a", 1))
      const parked = yield* eventually(parkedOf(group), ({ length }) => length === 1)
      assert.deepStrictEqual([parked[0]!.attempts, parked[0]!.error], [1, "someone is at it"])
      yield* reaches(group, { done: 1 })
      assert.isAtLeast(performance.now(), over)
    })
  )

  it.effect("is a dead letter after its last attempt, and those behind it go on", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      yield* fail("topic a0", "topic a2")
      yield* start({
        group,
        entries: [Consumer.inDatabase(topic, { policy: { ...patient, maxAttempts: 4 }, handle: handle("topic") })]
      })
      yield* send(topic, counted("a", 0), counted("a", 1), counted("a", 2), counted("a", 3))
      yield* reaches(group, { done: 2, dead: 2 })
      assert.deepStrictEqual(yield* done, ["topic a1", "topic a3"])
      assert.deepStrictEqual(
        (yield* lettersOf(group)).map(({ attempts, error, error_kind }) => [attempts, error, error_kind]),
        [
          [4, "Error: topic a0 fails", "retryable"],
          [4, "Error: topic a2 fails", "retryable"]
        ]
      )
    })
  )

  it.effect("that comes again while it waits is not parked twice, nor done beside its waiting", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      const event = counted("a", 0)
      yield* fail("topic a0")
      yield* start({ group, entries: [Consumer.inDatabase(topic, { policy: delayed, handle: handle("topic") })] })
      yield* send(topic, event)
      yield* reaches(group, { parked: 1 })
      yield* fail()
      yield* send(topic, event, counted("b", 0))
      yield* reaches(group, { done: 1, parked: 1 })
      assert.lengthOf(yield* parkedOf(group), 1)
      assert.deepStrictEqual(yield* done, ["topic b0"])
    })
  )

  it.effect("is worked again when the worker that had it is dead, and by one at a time", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      yield* fail("topic a0")
      const entries = [Consumer.inDatabase(topic, { policy: delayed, handle: handle("topic") })]
      yield* start({ group, entries })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { parked: 1 })
      yield* fail()
      // As if another worker had taken it, and had died.
      yield* sql.unsafe(
        `UPDATE parked_keys SET lease = gen_random_uuid(), next_attempt_at = now() + interval '300 ms'
          WHERE consumer_group = $1`,
        [group]
      )
      yield* send(topic, counted("b", 0))
      yield* reaches(group, { done: 1, parked: 1 })
      yield* reaches(group, { done: 2 })
      assert.deepStrictEqual(yield* done, ["topic b0", "topic a0"])
    })
  )

  it.effect("is done though its delivery record has been dropped with the old ones while it waited", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      yield* fail("topic a0")
      yield* start({ group, entries: [Consumer.inDatabase(topic, { policy: delayed, handle: handle("topic") })] })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { parked: 1 })
      yield* fail()
      yield* sql.unsafe(`DELETE FROM processed_events WHERE consumer_group = $1`, [group])
      yield* makeDue(group)
      yield* reaches(group, { done: 1 })
      yield* eventually(done, has("topic a0"))
    })
  )

  it.effect("whose key cannot be worked keeps no other key waiting", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const { done, fail, handle } = yield* noting()
      yield* fail("topic a0", "topic b0")
      yield* start({ group, entries: [Consumer.inDatabase(topic, { policy: delayed, handle: handle("topic") })] })
      yield* send(topic, counted("a", 0), counted("b", 0))
      yield* reaches(group, { parked: 2 })
      yield* fail()
      yield* sql.unsafe(`UPDATE parked_events SET headers = 'no JSON' WHERE consumer_group = $1 AND key = 'a'`, [group])
      yield* makeDue(group)
      yield* eventually(done, has("topic b0"))
    })
  )

  it.effect("is given up at once when it turns out to be impossible", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      let attempts = 0
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: patient,
            handle: () =>
              Effect.suspend(() =>
                ++attempts <= 3
                  ? Effect.fail(new Error("not now"))
                  : Effect.fail(new Unprocessable({ reason: "never" }))
              )
          })
        ]
      })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { dead: 1 })
      const [letter] = yield* lettersOf(group)
      assert.deepStrictEqual([letter!.error_kind, letter!.error, letter!.attempts], ["impossible", "never", 4])
    })
  )

  it.effect("loses nothing that is appended behind it at the moment it is let go", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const { done, handle } = yield* noting()
      const failed = new Set<number>()
      const said: Array<unknown> = []
      const first = handle("topic")
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...patient, immediateAttempts: 1 },
            // Each third event is parked once, so that the key is held back and let go all the time.
            handle: (deliveries: ReadonlyArray<Delivery<Counted>>): Effect.Effect<void, unknown> => {
              const atFault = deliveries.find(({ event }) => event.n % 3 === 0 && !failed.has(event.n))
              if (atFault === undefined) return first(deliveries)
              if (deliveries.length === 1) failed.add(atFault.event.n)
              return Effect.fail("not yet")
            }
          })
        ]
      }).pipe(Effect.provide(notingLogs(said)))
      yield* Effect.forEach([...Array(120).keys()], (n) =>
        Effect.andThen(send(topic, counted("a", n)), parkedOf(group))
      )
      yield* reaches(group, { done: 120 })
      assert.deepStrictEqual(said, [])
      assert.deepStrictEqual(
        yield* done,
        [...Array(120).keys()].map((n) => `topic a${n}`)
      )
    })
  )
})
