import { Effect, Schedule } from "effect"
import { SqlClient, SqlError } from "effect/sql"

const DAY_MILLIS = 86_400_000

/** A day in UTC, such as `2026-11-23`. */
export type Day = string

export const addDays = (day: Day, days: number): Day =>
  new Date(Date.parse(day) + days * DAY_MILLIS).toISOString().slice(0, 10)

/** The smallest UUID v7 of a day: 48 bits of milliseconds since 1970, then zeros. */
export const firstUuidOf = (day: Day): string => {
  const hex = Date.parse(day).toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/** A table partitioned by day; `lowerBound` is where a day begins in its partition key. */
export interface PartitionedTable {
  readonly name: string
  readonly column: string
  readonly lowerBound: (day: Day) => string
  /** Days before today that get a partition too: an event may be handled the day after it was made. */
  readonly daysBehind: number
}

export const outboxTable: PartitionedTable = {
  name: "outbox",
  column: "created_at",
  lowerBound: (day) => `${day} 00:00:00+00`,
  daysBehind: 0
}

export const processedEventsTable: PartitionedTable = {
  name: "processed_events",
  column: "event_id",
  lowerBound: firstUuidOf,
  daysBehind: 1
}

const partitionName = (table: PartitionedTable, day: Day): string => `${table.name}_${day.replaceAll("-", "")}`

/** The day of a partition, or undefined for the default partition. */
export const dayOfPartition = (table: PartitionedTable, partition: string): Day | undefined => {
  const digits = /^(\d{4})(\d{2})(\d{2})$/.exec(partition.slice(table.name.length + 1))
  return digits === null ? undefined : `${digits[1]}-${digits[2]}-${digits[3]}`
}

/** The partitions that a table has, by name. */
export const partitionsOf = Effect.fnUntraced(function* (table: PartitionedTable) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = $1::regclass ORDER BY 1`,
    [table.name]
  )
  return rows.map((row) => row.name)
})

export const today: Effect.Effect<Day, SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ day: string }>(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS day`)
  return rows[0]!.day
})

/** Waits 100 ms for a lock at most, or everybody else would queue up behind us; then lets them pass and tries again. */
export const withShortLocks = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return yield* sql.withTransaction(Effect.andThen(sql.unsafe(`SET LOCAL lock_timeout = '100ms'`), effect))
  }).pipe(
    Effect.retry({
      while: (error) => SqlError.isSqlError(error) && error.reason._tag === "LockTimeoutError",
      schedule: Schedule.jittered(Schedule.spaced("300 millis")),
      times: 20
    })
  )

/** Moving takes one transaction, and no transaction may live long. More than this stay in the default partition. */
const MOST_MOVED = 50_000

/**
 * Makes one partition. Rows of the day that are already in the default partition move over in the same transaction,
 * because PostgreSQL refuses a partition whose rows lie elsewhere. Attaching (not CREATE … PARTITION OF) lets others
 * insert meanwhile: only the default partition is locked.
 */
const createPartition = Effect.fnUntraced(function* (table: PartitionedTable, day: Day) {
  const sql = yield* SqlClient.SqlClient
  const name = partitionName(table, day)
  const [from, to] = [table.lowerBound(day), table.lowerBound(addDays(day, 1))]
  const ofDay = `${table.column} >= '${from}' AND ${table.column} < '${to}'`
  const lying = yield* sql.unsafe(`SELECT FROM ${table.name}_default WHERE ${ofDay} LIMIT ${MOST_MOVED + 1}`)
  if (lying.length > MOST_MOVED) {
    yield* Effect.logError("too many rows lie in the default partition to move them in one transaction").pipe(
      Effect.annotateLogs({ table: table.name, day })
    )
    return
  }
  yield* sql.unsafe(`CREATE TABLE ${name} (LIKE ${table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`)
  yield* sql.unsafe(
    `WITH moved AS (DELETE FROM ${table.name}_default
       WHERE ${ofDay} RETURNING *)
     INSERT INTO ${name} SELECT * FROM moved`
  )
  yield* sql.unsafe(`ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`)
})

/** The days that have events in the outbox's default partition: it took them while theirs was missing. */
const daysOfDefault = Effect.fnUntraced(function* (table: PartitionedTable) {
  if (table !== outboxTable) return []
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ day: string }>(
    `SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date::text AS day FROM outbox_default`
  )
  return rows.map((row) => row.day)
})

const ensureFor = Effect.fnUntraced(function* (table: PartitionedTable, daysAhead: number) {
  const sql = yield* SqlClient.SqlClient
  // Several processes start at once; the advisory lock makes the second find the work done.
  const one = (make: Effect.Effect<unknown, SqlError.SqlError, SqlClient.SqlClient>, name: string) =>
    withShortLocks(
      Effect.gen(function* () {
        yield* sql.unsafe(`SELECT pg_advisory_xact_lock(hashtextextended('flowforge partitions', 0))`)
        const found = yield* sql.unsafe<{ there: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS there`, [name])
        if (!found[0]!.there) yield* make
      })
    )
  const there = new Set(yield* partitionsOf(table))
  const fallback = `${table.name}_default`
  if (!there.has(fallback)) {
    yield* one(sql.unsafe(`CREATE TABLE ${fallback} PARTITION OF ${table.name} DEFAULT`), fallback)
  }
  const day = yield* today
  const days = new Set(yield* daysOfDefault(table))
  for (let ahead = -table.daysBehind; ahead <= daysAhead; ahead++) days.add(addDays(day, ahead))
  for (const day of days) {
    const name = partitionName(table, day)
    if (!there.has(name)) yield* one(createPartition(table, day), name)
  }
})

/**
 * Makes the daily partitions of `outbox` and `processed_events` from today to some days ahead, and the default
 * partitions that take what falls outside, so that no insert ever fails for want of a partition. Run it after the
 * migrations, before anything is appended; safe to repeat, by any number of processes at once.
 */
export const ensurePartitions = Effect.fnUntraced(function* (options?: { readonly daysAhead?: number }) {
  const daysAhead = options?.daysAhead ?? 7
  yield* ensureFor(outboxTable, daysAhead)
  yield* ensureFor(processedEventsTable, daysAhead)
})
