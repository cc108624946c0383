import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Outbox, Retention, Singleton, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { recordsPartitionIsKeptBecause } from "../../src/retention/obsolete.ts"
import {
  addDays,
  ensurePartitions,
  firstUuidOf,
  outboxTable,
  partitionsOf,
  today
} from "../../src/retention/partitions.ts"
import { eventually } from "../eventually.ts"
import { note } from "../messages.ts"

const partitionOf = (table: string, day: string) => `${table}_${day.replaceAll("-", "")}`

/** A key with one event in the outbox, as old as that many days, in a partition of its day. Answers the partition. */
const appendedDaysAgo = Effect.fnUntraced(function* (days: number, key: string) {
  const sql = yield* SqlClient.SqlClient
  const message = note(key, "text")
  yield* Outbox.use((outbox) => outbox.append([message])).pipe(Effect.provide(Outbox.layer("sender")))
  const day = addDays(yield* today, -days)
  yield* sql.unsafe(`UPDATE outbox SET created_at = $2::date + interval '1 hour' WHERE event_id = $1`, [
    message.eventId,
    day
  ])
  yield* ensurePartitions({ daysAhead: 1 })
  return partitionOf("outbox", day)
})

const recordedDaysAgo = Effect.fnUntraced(function* (days: number, processedDaysAgo: number) {
  const sql = yield* SqlClient.SqlClient
  const day = addDays(yield* today, -days)
  const name = partitionOf("processed_events", day)
  yield* sql.unsafe(
    `CREATE TABLE ${name} PARTITION OF processed_events
       FOR VALUES FROM ('${firstUuidOf(day)}') TO ('${firstUuidOf(addDays(day, 1))}')`
  )
  yield* sql.unsafe(
    `INSERT INTO processed_events (consumer_group, event_id, outcome, processed_at)
     VALUES ('g', $1, 'done', now() - $2::int * interval '1 day')`,
    [firstUuidOf(day), processedDaysAgo]
  )
  return name
})

/** Makes an event wait whose record is there: it was parked when it was handled. */
const park = Effect.fnUntraced(function* (eventId: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(`UPDATE processed_events SET outcome = 'parked' WHERE event_id = $1`, [eventId])
  yield* sql.unsafe(
    `WITH held AS (
       INSERT INTO parked_keys (consumer_group, topic, key, next_attempt_at)
       SELECT consumer_group, 't', event_id, now() FROM processed_events WHERE event_id = $1
       RETURNING consumer_group, topic, key)
     INSERT INTO parked_events
       (consumer_group, topic, key, event_id, partition, broker_offset, value, headers, attempts)
     SELECT consumer_group, topic, key, $1, 0, '0', '', '{}', 1 FROM held`,
    [eventId]
  )
})

/** Connections whose transactions live half a second. */
const layerHasty = Layer.unwrap(
  Effect.map(TestDatabase, ({ url }) =>
    PgClient.layer({
      url,
      applicationName: "hasty",
      maxConnections: 1,
      startupParameters: { transaction_timeout: "500" }
    })
  )
)

const noneOpen = () => Effect.succeed([])
const settings = { outbox: "3 days", records: "5 days", daysAhead: 1 } as const

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("Retention", (it) => {
  it.effect("drops a partition of the outbox once its time is over, not before", () =>
    Effect.gen(function* () {
      const old = yield* appendedDaysAgo(4, "old")
      const young = yield* appendedDaysAgo(3, "young")
      assert.deepStrictEqual(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), [old])
      assert.include(yield* partitionsOf(outboxTable), young)
    })
  )

  it.effect("keeps the partition of a key that is not at its end", () =>
    Effect.gen(function* () {
      const old = yield* appendedDaysAgo(6, "open")
      const openKeys = (keys: ReadonlyArray<string>) => Effect.succeed(keys.filter((key) => key === "open"))
      assert.notInclude(yield* Retention.tidy({ ...settings, openKeys }), old)
      assert.include(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
    })
  )

  it.effect("keeps the partition of what its relay has not published", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(
        `INSERT INTO relay_cursors (source, epoch, xid, id)
         SELECT 'sender', outbox_epoch(), pg_current_xact_id(), coalesce(max(id), 0) FROM outbox`
      )
      const old = yield* appendedDaysAgo(7, "unpublished")
      assert.notInclude(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
      yield* sql.unsafe(`UPDATE relay_cursors SET xid = pg_current_xact_id()`)
      assert.include(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
    })
  )

  it.effect("keeps the partition of what a group of the embedded broker has not handled", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const old = yield* appendedDaysAgo(8, "unhandled")
      yield* sql.unsafe(`UPDATE relay_cursors SET xid = pg_current_xact_id()`)
      yield* sql.unsafe(
        `INSERT INTO broker_cursors (consumer_group, topic, partition)
         SELECT 'readers', topic, partition FROM ${old}`
      )
      assert.notInclude(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
      yield* sql.unsafe(`UPDATE broker_cursors SET epoch = outbox_epoch(), xid = pg_current_xact_id()`)
      assert.include(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
    })
  )

  it.effect("drops old delivery records, unless one of them was made lately by a replay", () =>
    Effect.gen(function* () {
      const old = yield* recordedDaysAgo(6, 6)
      const replayed = yield* recordedDaysAgo(7, 1)
      const kept = yield* recordedDaysAgo(5, 5)
      const dropped = yield* Retention.tidy({ ...settings, openKeys: noneOpen })
      assert.include(dropped, old)
      assert.notIncludeMembers(dropped, [replayed, kept])
    })
  )

  it.effect("keeps old delivery records of events that are parked still", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const old = yield* recordedDaysAgo(8, 8)
      yield* park(firstUuidOf(addDays(yield* today, -8)))
      const outside = "ffffffff-ffff-4fff-bfff-000000000003"
      yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome, processed_at)
         VALUES ('g', $1, 'parked', now() - interval '8 days')`,
        [outside]
      )
      yield* park(outside)
      assert.notInclude(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
      const left = sql.unsafe(`SELECT FROM processed_events WHERE event_id = $1`, [outside])
      assert.lengthOf(yield* left, 1)
      yield* sql.unsafe(`DELETE FROM parked_events`)
      yield* sql.unsafe(`UPDATE processed_events SET outcome = 'done' WHERE outcome = 'parked'`)
      assert.include(yield* Retention.tidy({ ...settings, openKeys: noneOpen }), old)
      assert.lengthOf(yield* left, 0)
    })
  )

  it.effect("reads a partition of delivery records for longer than any other transaction may last", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const name = yield* recordedDaysAgo(9, 9)
      const reader = yield* sql.reserve
      const run = (text: string) => reader.executeUnprepared(text, [], undefined)
      yield* run("BEGIN")
      yield* run(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`)
      const hasty = yield* Layer.build(layerHasty)
      const looking = yield* Effect.forkScoped(Effect.provide(recordsPartitionIsKeptBecause(name, 0), hasty))
      const longer = sql.unsafe(
        `SELECT FROM pg_stat_activity WHERE application_name = 'hasty' AND now() - xact_start > interval '700 ms'`
      )
      yield* eventually(longer, (rows) => rows.length > 0)
      yield* run("COMMIT")
      assert.isUndefined(yield* Fiber.join(looking))
    }).pipe(Effect.scoped)
  )

  it.effect("deletes old delivery records of events outside every partition", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const insert = (eventId: string, days: number) =>
        sql.unsafe(
          `INSERT INTO processed_events (consumer_group, event_id, outcome, processed_at)
           VALUES ('outside', $1, 'done', now() - $2::int * interval '1 day')`,
          [eventId, days]
        )
      yield* insert("ffffffff-ffff-4fff-bfff-000000000001", 6)
      yield* insert("ffffffff-ffff-4fff-bfff-000000000002", 4)
      yield* Retention.tidy({ ...settings, openKeys: noneOpen })
      const left = yield* sql.unsafe<{ event_id: string }>(
        `SELECT event_id FROM processed_events WHERE consumer_group = 'outside'`
      )
      assert.deepStrictEqual(
        left.map((row) => row.event_id),
        ["ffffffff-ffff-4fff-bfff-000000000002"]
      )
    })
  )

  it.effect("gives a partition to events that came while theirs was missing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const partition = yield* appendedDaysAgo(2, "homeless")
      const rows = yield* sql.unsafe<{ name: string }>(
        `SELECT tableoid::regclass::text AS name FROM outbox WHERE key = 'homeless'`
      )
      assert.deepStrictEqual(rows, [{ name: partition }])
    })
  )

  it.effect("waits for nobody longer than 100 ms, and drops when the way is free", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const old = yield* appendedDaysAgo(9, "busy")
      yield* sql.unsafe(`UPDATE relay_cursors SET xid = pg_current_xact_id()`)
      yield* sql.unsafe(`UPDATE broker_cursors SET epoch = outbox_epoch(), xid = pg_current_xact_id()`)
      const reader = yield* sql.reserve
      const run = (text: string) => reader.executeUnprepared(text, [], undefined)
      yield* run("BEGIN")
      yield* run("SELECT FROM outbox LIMIT 1")
      const tidying = yield* Effect.forkScoped(Retention.tidy({ ...settings, openKeys: noneOpen }))
      const waiting = sql.unsafe(`SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`)
      yield* eventually(waiting, (rows) => rows.length > 0)
      yield* eventually(waiting, (rows) => rows.length === 0)
      yield* run("COMMIT")
      assert.include(yield* Fiber.join(tidying), old)
    })
  )

  it.effect("tidies again after its pause when it could not, not at once", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const openKeys = () =>
        Effect.suspend(() => {
          times.push(performance.now())
          return Effect.fail("no answer")
        })
      yield* appendedDaysAgo(10, "unknown")
      yield* SqlClient.SqlClient.use((sql) => sql.unsafe(`UPDATE relay_cursors SET xid = pg_current_xact_id()`))
      yield* Layer.build(
        Retention.layer({ ...settings, openKeys, every: "2 seconds" }).pipe(Layer.provide(Singleton.layer("retention")))
      )
      yield* eventually(
        Effect.sync(() => times.length),
        (n) => n >= 2
      )
      assert.isAtLeast(times[1]! - times[0]!, 1_900)
    }).pipe(Effect.scoped)
  )

  it.effect("refuses to keep delivery records shorter than the outbox", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Retention.tidy({ openKeys: noneOpen, outbox: "2 days", records: "1 day" }))
      assert.strictEqual(exit._tag, "Failure")
    })
  )
})
