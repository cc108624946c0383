import { assert, layer } from "@effect/vitest"
import { Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Context, Effect, Layer, PubSub, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { nextWakeup } from "../../src/wakeups.ts"
import { eventually } from "../eventually.ts"
import { layerPool } from "../pool.ts"

/** The wake-ups of another process: with a pool of its own. */
const otherProcess = Effect.gen(function* () {
  return Context.get(
    yield* Layer.build(Layer.fresh(Wakeups.layerPostgres).pipe(Layer.provide(Layer.fresh(layerPool("other process"))))),
    Wakeups
  )
})

const listeners = SqlClient.SqlClient.use((sql) =>
  sql.unsafe<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
  )
)

layer(layerTestDatabase, { excludeTestServices: true })("Wakeups", (it) => {
  it.effect("reach another process, with their topics", () =>
    Effect.gen(function* () {
      const [here, there] = [yield* otherProcess, yield* otherProcess]
      const woken = yield* there.subscribe
      yield* eventually(listeners, (rows) => rows.length === 2)
      yield* here.notify(new Set(["order.created", "order.cancelled"]))
      assert.deepStrictEqual(yield* PubSub.take(woken), new Set(["order.created", "order.cancelled"]))
    })
  )

  it.effect("wake their own process once, not again by way of the database", () =>
    Effect.gen(function* () {
      const [here, there] = [yield* otherProcess, yield* otherProcess]
      const wokenHere = yield* here.subscribe
      const wokenThere = yield* there.subscribe
      yield* eventually(listeners, (rows) => rows.length === 2)
      yield* here.notify(new Set(["a"]))
      yield* PubSub.take(wokenThere)
      yield* there.notify(new Set(["b"]))
      assert.deepStrictEqual(yield* PubSub.take(wokenHere), new Set(["a"]))
      assert.deepStrictEqual(yield* PubSub.take(wokenHere), new Set(["b"]))
    })
  )

  it.effect("of many commits at once are sent as few notifications that name every topic", () =>
    Effect.gen(function* () {
      const [here, there] = [yield* otherProcess, yield* otherProcess]
      const woken = yield* there.subscribe
      yield* eventually(listeners, (rows) => rows.length === 2)
      yield* Effect.forEach(
        Array.from({ length: 100 }, (_, i) => `t${i}`),
        (topic) => here.notify(new Set([topic]))
      )
      const seen = new Set<string>()
      let notifications = 0
      while (seen.size < 100) {
        for (const topic of yield* PubSub.take(woken)) seen.add(topic)
        notifications++
      }
      assert.isAtMost(notifications, 5)
    })
  )

  it.effect("come again after the listening session was killed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [here, there] = [yield* otherProcess, yield* otherProcess]
      const woken = yield* there.subscribe
      const before = (yield* eventually(listeners, (rows) => rows.length === 2)).map((row) => row.pid)
      yield* sql.unsafe(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
      yield* eventually(listeners, (rows) => rows.length === 2 && rows.every((row) => !before.includes(row.pid)))
      yield* here.notify(new Set(["after"]))
      assert.deepStrictEqual(yield* PubSub.take(woken), new Set(["after"]))
    })
  )

  it.effect("for topics whose reader is in this process are told to no other, until it stops reading", () =>
    Effect.gen(function* () {
      const [here, there] = [yield* otherProcess, yield* otherProcess]
      const [wokenHere, wokenThere] = [yield* here.subscribe, yield* there.subscribe]
      yield* eventually(listeners, (rows) => rows.length === 2)
      yield* Effect.gen(function* () {
        yield* here.keep(new Set(["kept"]))
        yield* here.notify(new Set(["kept"]))
        assert.deepStrictEqual(yield* PubSub.take(wokenHere), new Set(["kept"]))
        yield* here.notify(new Set(["kept", "another's"]))
        assert.deepStrictEqual(yield* PubSub.take(wokenThere), new Set(["another's"]))
      }).pipe(Effect.scoped)
      yield* here.notify(new Set(["kept"]))
      assert.deepStrictEqual(yield* PubSub.take(wokenThere), new Set(["kept"]))
    })
  )

  it.effect("for other topics do not end the wait", () =>
    Effect.gen(function* () {
      const wakeups = yield* Wakeups
      const woken = yield* wakeups.subscribe
      const waits = yield* Queue.unbounded<string>()
      yield* Effect.forkScoped(Effect.andThen(nextWakeup(woken, new Set(["mine"])), Queue.offer(waits, "woken")))
      yield* wakeups.notify(new Set(["other"]))
      yield* Effect.yieldNow
      assert.strictEqual(yield* Queue.size(waits), 0)
      yield* wakeups.notify(new Set(["other", "mine"]))
      assert.strictEqual(yield* Queue.take(waits), "woken")
    }).pipe(Effect.provide(Wakeups.layer))
  )
})
