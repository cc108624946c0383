import { layerTestDatabase } from "@flowforge/testkit"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  addDays,
  ensurePartitions,
  firstUuidOf,
  outboxTable,
  partitionsOf,
  processedEventsTable,
  today
} from "../../src/retention/partitions.ts"

const record = (eventId: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(`INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ('g', $1, 'done')`, [eventId])
  )
const partitionOfRecord = (eventId: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ name: string }>(`SELECT tableoid::regclass::text AS name FROM processed_events WHERE event_id = $1`, [
      eventId
    ])
  ).pipe(Effect.map((rows) => rows.map((row) => row.name)))

layer(layerTestDatabase, { excludeTestServices: true })("partitions", (it) => {
  it.effect("are there for today and the days ahead, and making them again changes nothing", () =>
    Effect.gen(function* () {
      yield* ensurePartitions({ daysAhead: 3 })
      const before = yield* partitionsOf(outboxTable)
      yield* ensurePartitions({ daysAhead: 3 })
      assert.deepStrictEqual(yield* partitionsOf(outboxTable), before)
      assert.strictEqual(before.length, 5)
    })
  )

  it.effect("are made once by many processes at once", () =>
    Effect.gen(function* () {
      yield* Effect.all(
        [1, 2, 3, 4].map(() => ensurePartitions({ daysAhead: 5 })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual((yield* partitionsOf(processedEventsTable)).length, 8)
    })
  )

  it.effect("an event id outside every partition goes to the default one, and moves when its day is made", () =>
    Effect.gen(function* () {
      const farDay = addDays(yield* today, 12)
      const eventId = firstUuidOf(farDay)
      yield* record(eventId)
      assert.deepStrictEqual(yield* partitionOfRecord(eventId), ["processed_events_default"])
      yield* ensurePartitions({ daysAhead: 12 })
      assert.deepStrictEqual(yield* partitionOfRecord(eventId), [`processed_events_${farDay.replaceAll("-", "")}`])
    })
  )

  it.effect("a random UUID is recorded too, once", () =>
    Effect.gen(function* () {
      const random = "ffffffff-ffff-4fff-bfff-ffffffffffff"
      yield* record(random)
      assert.strictEqual((yield* Effect.flip(record(random))).reason._tag, "UniqueViolation")
    })
  )

  it.effect("more events of a day than one short transaction can move stay where they are", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const farDay = addDays(yield* today, 30)
      yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome)
         SELECT 'many', ('${firstUuidOf(farDay).slice(0, 24)}' || lpad(to_hex(n), 12, '0'))::uuid, 'done'
           FROM generate_series(1, 50001) AS n`
      )
      yield* ensurePartitions({ daysAhead: 30 })
      const first = firstUuidOf(farDay).slice(0, 24) + "000000000001"
      assert.deepStrictEqual(yield* partitionOfRecord(first), ["processed_events_default"])
      assert.include(yield* partitionsOf(outboxTable), `outbox_${farDay.replaceAll("-", "")}`)
    })
  )
})
