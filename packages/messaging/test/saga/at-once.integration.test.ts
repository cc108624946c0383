import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery } from "@flowforge/messaging"
import { TestDatabase } from "@flowforge/testkit"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import {
  type Counted,
  counted,
  delayed,
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
  start
} from "../consumer/world.ts"

/** A session of its own that opens a transaction, does something there, and then stands still like a frozen process. */
const frozenIn = Effect.fnUntraced(function* (statement: string, parameters: ReadonlyArray<unknown>) {
  const { url } = yield* TestDatabase
  const holds = yield* Deferred.make<void>()
  const session = PgClient.layer({
    url,
    maxConnections: 1,
    // The server ends it after this, as it does in production after two seconds.
    startupParameters: { idle_in_transaction_session_timeout: "500" }
  })
  yield* SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe(statement, parameters as never)
        yield* Deferred.succeed(holds, undefined)
        return yield* Effect.never
      })
    )
  ).pipe(Effect.provide(Layer.fresh(session)), Effect.forkScoped)
  yield* Deferred.await(holds)
})

layer(layerWorld, { excludeTestServices: true })("two at once", (it) => {
  it.effect("members share the work, and each event has its effect once, whatever fails", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const done: Array<number> = []
      const failed = new Set<number>()
      const entries = [
        Consumer.inDatabase(topic, {
          policy: patient,
          handle: (deliveries: ReadonlyArray<Delivery<Counted>>): Effect.Effect<void, Error> => {
            const atFault = deliveries.find(({ event }) => event.n % 7 === 0 && !failed.has(event.n))
            if (atFault !== undefined && deliveries.length === 1) failed.add(atFault.event.n)
            if (atFault !== undefined) return Effect.fail(new Error("not yet"))
            return sql.afterCommit(Effect.sync(() => void done.push(...deliveries.map(({ event }) => event.n))))
          }
        })
      ]
      yield* start({ group, entries })
      yield* start({ group, entries })
      const events = eachOf(keysOf("k", 200))
      yield* send(topic, ...events)
      yield* send(topic, ...events)
      yield* reaches(group, { done: 200 })
      assert.deepStrictEqual(
        done.toSorted((a, b) => a - b),
        events.map(({ n }) => n)
      )
    })
  )

  it.effect("parked workers never try one event at the same time, and keep the order of each key", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const done: Array<string> = []
      const underWay = new Set<string>()
      let failures = 150
      const entries = [
        Consumer.inDatabase(topic, {
          policy: { ...patient, immediateAttempts: 1 },
          handle: Effect.fnUntraced(function* (deliveries: ReadonlyArray<Delivery<Counted>>) {
            if (deliveries.some(({ event }) => event.n === 0) && deliveries.length > 1) yield* Effect.fail("together")
            const [{ key, event }] = deliveries as [Delivery<Counted>]
            assert.isFalse(underWay.has(key), "another worker has the key")
            yield* Effect.acquireUseRelease(
              Effect.sync(() => underWay.add(key)),
              () => Effect.yieldNow,
              () => Effect.sync(() => underWay.delete(key))
            )
            if (event.n < 2 && failures-- > 0) yield* Effect.fail("not yet")
            yield* sql.afterCommit(
              Effect.sync(() => void done.push(...deliveries.map((each) => `${key} ${each.event.n}`)))
            )
          })
        })
      ]
      yield* start({ group, entries, maxBatch: 1 })
      yield* start({ group, entries, maxBatch: 1 })
      const keys = keysOf("k", 10)
      for (const n of [0, 1, 2]) yield* send(topic, ...keys.map((key) => counted(key, n)))
      yield* reaches(group, { done: 30 })
      for (const key of keys) {
        assert.deepStrictEqual(
          done.filter((each) => each.startsWith(`${key} `)),
          [0, 1, 2].map((n) => `${key} ${n}`)
        )
      }
    })
  )
})

layer(layerWorld, { excludeTestServices: true })("a process frozen inside a transaction", (it) => {
  const consumer = (group: string, topic: ReturnType<typeof newTopic>) =>
    start({ group, entries: [Consumer.inDatabase(topic, { policy: patient, handle: () => Effect.void })] })

  it.effect("that has claimed an event holds up nobody for longer than the server lets it, and nothing is lost", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const claimed = counted("a", 0)
      yield* frozenIn(
        `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, 'done')`,
        [group, claimed.event_id]
      )
      yield* consumer(group, topic)
      yield* send(topic, claimed, counted("a", 1), counted("b", 2))
      yield* reaches(group, { done: 3 })
      assert.deepStrictEqual(yield* lettersOf(group), [])
    })
  )

  it.effect("that has locked a held key holds up that key alone, until the server ends it", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const sql = yield* SqlClient.SqlClient
      let isFailing = true
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: delayed,
            handle: (deliveries) =>
              Effect.suspend(() =>
                isFailing && deliveries.some(({ key }) => key === "a") ? Effect.fail("not yet") : Effect.void
              )
          })
        ]
      })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { parked: 1 })
      yield* frozenIn(`SELECT FROM parked_keys WHERE consumer_group = $1 FOR UPDATE`, [group])
      isFailing = false
      yield* send(topic, counted("b", 1))
      yield* reaches(group, { done: 1, parked: 1 })
      yield* send(topic, counted("a", 2), counted("c", 3))
      yield* reaches(group, { done: 2, parked: 2 })
      yield* sql.unsafe(`UPDATE parked_keys SET next_attempt_at = now() WHERE consumer_group = $1`, [group])
      yield* reaches(group, { done: 4 })
      assert.deepStrictEqual(yield* parkedOf(group), [])
    })
  )
})
