import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Effect, Fiber, Layer, Ref, Scope, Exit, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { layerSingleton, Singleton } from "../../src/singleton.ts"
import { eventually } from "../eventually.ts"
import { layerPool } from "../pool.ts"

/** A job that notes who is at work: the name is there from its start to its interruption. */
const working = (atWork: Ref.Ref<ReadonlyArray<string>>, name: string) =>
  Effect.acquireUseRelease(
    Ref.update(atWork, (names) => [...names, name]),
    () => Effect.never,
    () => Ref.update(atWork, (names) => names.filter((each) => each !== name))
  )

const terminateHolder = SqlClient.SqlClient.use((sql) =>
  sql.unsafe(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND d.datname = current_database()`)
)

layer(layerTestDatabase, { excludeTestServices: true })("Singleton", (it) => {
  it.effect("one of two works, and the other takes over when it leaves", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const atWork = yield* Ref.make<ReadonlyArray<string>>([])
      const first = yield* Scope.make()
      yield* Layer.buildWithScope(layerSingleton("handover", working(atWork, "first")), first)
      yield* eventually(Ref.get(atWork), (names) => names.length === 1)
      yield* Layer.build(layerSingleton("handover", working(atWork, "second")).pipe(Layer.provide(layerPool("second"))))
      yield* eventually(
        sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'second'
          AND state = 'idle' AND query LIKE '%pg_try_advisory_lock%'`,
        (refused) => refused.length > 0
      )
      assert.deepStrictEqual(yield* Ref.get(atWork), ["first"])
      yield* Scope.close(first, Exit.void)
      yield* eventually(Ref.get(atWork), (names) => names.join() === "second")
    })
  )

  it.effect("a killed session interrupts the job and moves it or starts it over", () =>
    Effect.gen(function* () {
      const atWork = yield* Ref.make<ReadonlyArray<string>>([])
      const starts = yield* Ref.make(0)
      const job = (name: string) =>
        Effect.andThen(
          Ref.update(starts, (n) => n + 1),
          working(atWork, name)
        )
      yield* Layer.build(layerSingleton("killed", job("first")))
      yield* Layer.build(layerSingleton("killed", job("second")))
      yield* eventually(Ref.get(atWork), (names) => names.length === 1)
      yield* terminateHolder
      yield* eventually(Ref.get(starts), (n) => n === 2)
      yield* eventually(Ref.get(atWork), (names) => names.length === 1)
    })
  )

  it.effect("a job that dies is started again, and its neighbour under the same lock works on", () =>
    Effect.gen(function* () {
      const atWork = yield* Ref.make<ReadonlyArray<string>>([])
      const starts = yield* Ref.make(0)
      const singleton = yield* Singleton
      const dying = Effect.andThen(
        Ref.update(starts, (n) => n + 1),
        Effect.die("a bug")
      )
      const fibers = [
        yield* Effect.forkScoped(singleton.whileHeld(working(atWork, "neighbour"))),
        yield* Effect.forkScoped(singleton.whileHeld(dying))
      ]
      yield* eventually(Ref.get(starts), (n) => n >= 2)
      assert.deepStrictEqual(yield* Ref.get(atWork), ["neighbour"])
      yield* Fiber.interruptAll(fibers)
      assert.deepStrictEqual(yield* Ref.get(atWork), [])
    }).pipe(Effect.provide(Singleton.layer("dying")))
  )

  it.effect("a frozen process loses the lock to another one", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const atWork = yield* Ref.make<ReadonlyArray<string>>([])
      const frozen = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [join(import.meta.dirname, "holder.ts"), Redacted.value(url), "frozen"], {
            stdio: ["ignore", "pipe", "inherit"]
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      yield* Effect.promise(() => once(frozen.stdout, "data"))
      yield* Layer.build(layerSingleton("frozen", working(atWork, "awake")))
      frozen.kill("SIGSTOP")
      yield* eventually(Ref.get(atWork), (names) => names.length === 1)
    })
  )

  it.effect("leaves no lock behind on the connection it gives back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const locks = sql.unsafe<{ count: number }>(
        `SELECT count(*)::int4 AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE l.locktype = 'advisory' AND d.datname = current_database()`
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          const atWork = yield* Ref.make<ReadonlyArray<string>>([])
          yield* Layer.build(layerSingleton("tidy", working(atWork, "only")))
          yield* eventually(Ref.get(atWork), (names) => names.length === 1)
        })
      )
      yield* eventually(locks, (rows) => rows[0]!.count === 0)
    })
  )
})
