import { spawn } from "node:child_process"
import { join as joinPath } from "node:path"
import { assert, layer as suiteWith } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Broker, Outbox, Wakeups } from "@flowforge/messaging"
import { layerWith } from "@flowforge/messaging/postgres"
import { layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import { join, keyIn, messageOf, newGroup, newTopic, textOf } from "./readers.ts"

const until = (isSo: () => boolean) => eventually(Effect.sync(isSo), (so) => so)

/** Another process in the group; `lines` are what it got: the partition and the text. */
const startMember = Effect.fnUntraced(function* (options: { group: string; topic: string; hangs: boolean }) {
  const { url } = yield* TestDatabase
  const lines: Array<string> = []
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        process.execPath,
        [joinPath(import.meta.dirname, "member-process.ts"), JSON.stringify({ ...options, url: Redacted.value(url) })],
        { stdio: ["ignore", "pipe", "inherit"] }
      )
    ),
    (started) => Effect.sync(() => void started.kill("SIGKILL"))
  )
  child.stdout.on("data", (chunk) => lines.push(...String(chunk).trim().split("\n")))
  return { child, lines }
})

const layerBroker = layerWith({ leaseMillis: 1000, closeMillis: 100 }).pipe(
  Layer.provideMerge(Outbox.layer("test")),
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerTestDatabase)
)

suiteWith(layerBroker, { excludeTestServices: true })("the postgres broker", (it) => {
  it.effect("hands over what a service appended with all its headers, those that the columns say among them", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const topic = newTopic()
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      const plain = messageOf(topic, "k", "text")
      const headers = {
        ce_specversion: "1.0",
        ce_id: plain.eventId,
        ce_type: topic.name,
        ce_subject: "k",
        traceparent: "a trace"
      }
      yield* outbox.append([{ ...plain, headers }])
      yield* until(() => reader.records().length === 1)
      assert.deepStrictEqual(reader.records()[0]!.headers, { ce_source: "/flowforge/test", ...headers })
    })
  )

  it.effect("says how long the oldest record waits", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const { subscription } = yield* join({ group, topics: [topic] })
      yield* eventually(subscription.members, (members) => members === 1)
      yield* subscription.pause
      yield* (yield* Outbox).append([messageOf(topic, "a", ""), messageOf(topic, "b", "")])
      yield* sql`UPDATE outbox SET created_at = now() - interval '70 seconds' WHERE topic = ${topic.name} AND key = 'a'`
      assert.approximately(yield* subscription.waiting, 70_000, 5_000)
    })
  )

  it.effect("skips nothing when transactions commit in another order than they began", () =>
    Effect.gen(function* () {
      const [broker, outbox, sql] = [yield* Broker, yield* Outbox, yield* SqlClient.SqlClient]
      const topic = newTopic()
      const [appended, mayCommit] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      yield* broker.publish([messageOf(topic, "k", "before")])
      yield* until(() => reader.records().length === 1)
      const early = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* outbox.append([messageOf(topic, "k", "early, committed late")])
            yield* Deferred.succeed(appended, undefined)
            yield* Deferred.await(mayCommit)
          })
        )
      )
      yield* Deferred.await(appended)
      yield* broker.publish([messageOf(topic, "k", "late, committed early")])
      // Time enough to look for the second several times while the first is still open.
      yield* Effect.sleep(100)
      assert.deepStrictEqual(reader.texts(), ["before"])
      yield* Deferred.succeed(mayCommit, undefined)
      yield* Fiber.join(early)
      yield* until(() => reader.records().length === 3)
      assert.deepStrictEqual(reader.texts(), ["before", "early, committed late", "late, committed early"])
    })
  )

  it.effect("refuses for good what PostgreSQL can never store", () =>
    Effect.gen(function* () {
      const failed = yield* Effect.flip((yield* Broker).publish([messageOf(newTopic(), "a\u0000b", "")]))
      assert.isTrue(failed.refused)
    })
  )

  it.effect("goes on by itself when PostgreSQL was away", () =>
    Effect.gen(function* () {
      const [broker, sql, database] = [yield* Broker, yield* SqlClient.SqlClient, yield* TestDatabase]
      const topic = newTopic()
      const reader = yield* join({ group: newGroup(), topics: [topic] })
      yield* broker.publish([messageOf(topic, "k", "0")])
      yield* until(() => reader.records().length === 1)
      const elsewhere = new URL(Redacted.value(database.url))
      elsewhere.pathname = "/postgres"
      const admin = (statement: string) =>
        SqlClient.SqlClient.use((other) => other.unsafe(statement)).pipe(
          Effect.provide(PgClient.layer({ url: Redacted.make(elsewhere.toString()), maxConnections: 1 }))
        )
      yield* admin(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`)
      yield* admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.name}'`)
      const failed = yield* Effect.flip(broker.publish([messageOf(topic, "k", "lost")]))
      assert.isFalse(failed.refused)
      yield* admin(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS true`)
      yield* eventually(Effect.exit(sql.unsafe("SELECT 1")), (exit) => exit._tag === "Success")
      yield* broker.publish([messageOf(topic, "k", "1")])
      yield* until(() => reader.records().length === 2)
      yield* eventually(reader.subscription.lag, (lag) => lag.get(topic.name) === 0)
      assert.deepStrictEqual(reader.texts(), ["0", "1"])
    })
  )

  it.effect(
    "leaves after a bounded time although its handler hangs, and the next member need not wait for the lease",
    () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        let hanging = 0
        yield* (yield* Broker).publish([messageOf(topic, "k", "0")])
        const first = yield* join({
          group,
          topics: [topic],
          handle: () =>
            Effect.suspend(() => {
              hanging += 1
              return Effect.never
            })
        })
        yield* until(() => hanging === 1)
        yield* first.leave
        const second = yield* join({ group, topics: [topic] })
        yield* until(() => second.records().length === 1)
      })
  )

  it.effect("gives a killed member's partitions to the others when its lease is over", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* (yield* Broker).publish([messageOf(topic, keyIn(0), "0"), messageOf(topic, keyIn(1), "1")])
      const other = yield* startMember({ group, topic: topic.name, hangs: true })
      yield* until(() => other.lines.length === 2)
      const reader = yield* join({ group, topics: [topic] })
      other.child.kill("SIGKILL")
      yield* until(() => reader.records().length === 2)
      assert.deepStrictEqual(reader.texts().toSorted(), ["0", "1"])
    })
  )

  it.effect("takes over from a frozen member, and shares with it again when it goes on", () =>
    Effect.gen(function* () {
      const [broker, sql] = [yield* Broker, yield* SqlClient.SqlClient]
      const [topic, group] = [newTopic(), newGroup()]
      const other = yield* startMember({ group, topic: topic.name, hangs: false })
      yield* broker.publish([messageOf(topic, keyIn(0), "a"), messageOf(topic, keyIn(1), "a")])
      yield* until(() => other.lines.length === 2)
      const lag = sql.unsafe<{ lag: number }>(`SELECT lag FROM broker_lag($1, $2::text[], 10)`, [group, [topic.name]])
      yield* eventually(lag, (rows) => rows[0]!.lag === 0)
      other.child.kill("SIGSTOP")
      yield* broker.publish([messageOf(topic, keyIn(0), "b"), messageOf(topic, keyIn(1), "b")])
      const reader = yield* join({ group, topics: [topic] })
      yield* until(() => reader.records().length === 2)
      other.child.kill("SIGCONT")
      let n = 0
      yield* eventually(
        Effect.suspend(() => broker.publish([0, 1].map((partition) => messageOf(topic, keyIn(partition), `c${n++}`)))),
        () => other.lines.length >= 6 && reader.records().length >= 6
      )
      // What was handled by the one while the other stood still is not delivered to it again.
      assert.isFalse(other.lines.some((line) => line.endsWith(" b")))
      yield* eventually(reader.subscription.lag, (lag) => lag.get(topic.name) === 0)
      const mine = reader.records().map((record) => `${record.partition} ${textOf(record)}`)
      const everything = [...mine, ...other.lines]
      assert.strictEqual(new Set(everything).size, everything.length)
    })
  )
})
