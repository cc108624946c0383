import { assert, layer } from "@effect/vitest"
import { untilSomebodyWaits } from "@flowforge/testkit"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { firstOf, postpone, release, settle, takeDue } from "../../src/parked/keys.ts"
import { layerWorld, newGroup } from "../consumer/world.ts"

/** A key that is due, with so many events waiting. */
const parkedKey = Effect.fnUntraced(function* (group: string, key: string, events: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(
    `INSERT INTO parked_keys (consumer_group, topic, key, next_attempt_at) VALUES ($1, 't', $2, now())`,
    [group, key]
  )
  for (let n = 0; n < events; n++) yield* appendBehind(group, key)
})

const appendBehind = Effect.fnUntraced(function* (group: string, key: string) {
  const sql = yield* SqlClient.SqlClient
  const id = v7()
  yield* sql.unsafe(
    `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, 'parked')`,
    [group, id]
  )
  yield* sql.unsafe(
    `INSERT INTO parked_events (consumer_group, topic, key, event_id, partition, broker_offset, value, headers, attempts)
     VALUES ($1, 't', $2, $3::uuid, 0, '0', '', '{}', 0)`,
    [group, key, id]
  )
  return id
})

const take = (group: string) => Effect.map(takeDue(group, v7()), ({ due }) => due)

const keysIn = (group: string) =>
  SqlClient.SqlClient.use((sql) => sql.unsafe(`SELECT key FROM parked_keys WHERE consumer_group = $1`, [group]))

layer(layerWorld, { excludeTestServices: true })("a held key", (it) => {
  it.effect("is taken by one worker at a time, until its lease runs out", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const group = newGroup()
      yield* parkedKey(group, "a", 1)
      const [held, ...more] = yield* take(group)
      assert.deepStrictEqual([held!.key, more], ["a", []])
      assert.deepStrictEqual(yield* take(group), [])
      yield* sql.unsafe(`UPDATE parked_keys SET next_attempt_at = now() WHERE consumer_group = $1`, [group])
      const [again] = yield* take(group)
      assert.strictEqual(again!.key, "a")
      // The one before has nothing to say any more.
      assert.isUndefined(yield* firstOf(held!))
      const waiting = yield* firstOf(again!)
      assert.isFalse(yield* sql.withTransaction(settle(held!, waiting!, "done")))
      yield* postpone(held!, 0)
      assert.deepStrictEqual(yield* take(group), [])
      assert.isTrue(yield* sql.withTransaction(settle(again!, waiting!, "done")))
    })
  )

  it.effect("ends an event as its own unless its record says that it ended elsewhere", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const group = newGroup()
      yield* parkedKey(group, "a", 3)
      const [held] = yield* take(group)
      const settleFirst = Effect.fnUntraced(function* (change: string) {
        const waiting = (yield* firstOf(held!))!
        yield* sql.unsafe(`${change} WHERE consumer_group = $1 AND event_id = $2::uuid`, [group, waiting.event_id])
        const isOwn = yield* sql.withTransaction(settle(held!, waiting, "dead"))
        const records = yield* sql.unsafe<{ outcome: string }>(
          `SELECT outcome FROM processed_events WHERE consumer_group = $1 AND event_id = $2::uuid`,
          [group, waiting.event_id]
        )
        return [isOwn, ...records.map(({ outcome }) => outcome)]
      })
      assert.deepStrictEqual(yield* settleFirst("UPDATE processed_events SET outcome = 'parked'"), [true, "dead"])
      assert.deepStrictEqual(yield* settleFirst("DELETE FROM processed_events"), [true, "dead"])
      assert.deepStrictEqual(yield* settleFirst("UPDATE processed_events SET outcome = 'done'"), [false, "done"])
      assert.isUndefined(yield* firstOf(held!))
    })
  )

  it.effect("says how long until one is due, when none is", () =>
    Effect.gen(function* () {
      const group = newGroup()
      assert.strictEqual((yield* takeDue(group, v7())).waitMillis, Infinity)
      yield* parkedKey(group, "a", 1)
      const [held] = yield* take(group)
      yield* postpone(held!, 60_000)
      const { waitMillis } = yield* takeDue(group, v7())
      assert.isAbove(waitMillis, 50_000)
      assert.isAtMost(waitMillis, 60_000)
    })
  )

  it.effect("is not let go when somebody comes at that very moment", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const group = newGroup()
      yield* parkedKey(group, "a", 0)
      const held = (yield* take(group))[0]!
      const [hasCome, mayCommit] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // As the inbox does: the key's row is locked, then the event put behind.
      const coming = yield* Effect.forkScoped(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql.unsafe(`SELECT FROM parked_keys WHERE consumer_group = $1 FOR UPDATE`, [group])
            yield* appendBehind(group, "a")
            yield* Deferred.succeed(hasCome, undefined)
            yield* Deferred.await(mayCommit)
          })
        )
      )
      yield* Deferred.await(hasCome)
      const letting = yield* Effect.forkScoped(release(held))
      yield* untilSomebodyWaits
      yield* Deferred.succeed(mayCommit, undefined)
      yield* Fiber.join(coming)
      assert.isFalse(yield* Fiber.join(letting))
      assert.isDefined(yield* firstOf(held))
    })
  )

  it.effect("is let go when nobody waits behind it", () =>
    Effect.gen(function* () {
      const group = newGroup()
      yield* parkedKey(group, "a", 0)
      const [held] = yield* take(group)
      assert.isTrue(yield* release(held!))
      assert.deepStrictEqual(yield* keysIn(group), [])
    })
  )
})
