import { eventually } from "@flowforge/testkit"
import { Console, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { layerDatabaseOf } from "../../system/at-rest.ts"
import { cpuBetween, cpuOf } from "../processes.ts"
import { startServers } from "./stack.ts"

/** A full outbox, published to Kafka. */
export interface Drain {
  readonly rows: number
  readonly rate: number
  /** Of the process whose relay it is, for each message: microseconds. */
  readonly cpuMicros: number
}

const ROWS = 1_000_000
/** In one transaction: none may live long. */
const AT_ONCE = 20_000

/** Rows as the order service leaves them, of two partitions; the last one is the last in order. */
const fill = `
  INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
  SELECT 'order', 'order.created', n % 2, id::text, id, convert_to(
    '{"event_id":"' || id || '","event_type":"order.created","timestamp":"2026-11-24T12:00:00.000Z","order":{"order_id":"' || id
    || '","user_id":"00000000-0000-7000-8000-000000000001","items":[{"item_id":' || n % 50 + 1 || ',"quantity":1,"price":1999}],'
    || '"total_amount":1999,"currency":"EUR","payment_info":{"method":"card","token":"tok_load"},"created_at":"2026-11-24T12:00:00.000Z"}}',
    'UTF8'), '{}'
  FROM (SELECT n, uuidv7() AS id FROM generate_series(1, ${AT_ONCE}) AS n) AS rows`

const published = SqlClient.SqlClient.use(
  (sql) => sql<{ state: "none" | "some" | "all" }>`
    SELECT CASE WHEN c.id = (SELECT max(id) FROM outbox) THEN 'all' WHEN c.id > 0 THEN 'some' ELSE 'none' END AS state
    FROM (SELECT coalesce(max(id), 0) AS id FROM relay_cursors WHERE source = 'order') AS c`
).pipe(Effect.map(([row]) => row!.state))

/** Fills the outbox of an installation at rest and starts the one process whose relay publishes it; nobody reads it. */
export const measureDrain = Effect.gen(function* () {
  const stack = yield* startServers
  return yield* Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (let rows = 0; rows < ROWS; rows += AT_ONCE) yield* sql.unsafe(fill)
    yield* sql.unsafe("ANALYZE outbox")
    yield* sql.unsafe("CHECKPOINT")
    yield* stack.start("order")
    yield* eventually(
      "the first batch is published",
      Effect.map(published, (state) => state !== "none"),
      "60 seconds"
    )
    const startedAt = performance.now()
    const before = cpuOf(stack.pids())
    yield* eventually(
      "all is published",
      Effect.map(published, (state) => state === "all"),
      "120 seconds"
    )
    const seconds = (performance.now() - startedAt) / 1000
    const cpu = cpuBetween(before, cpuOf(stack.pids()), ROWS)
    yield* Console.log(`outbox drain: ${ROWS} rows in ${seconds.toFixed(1)} s`)
    return { rows: ROWS, rate: ROWS / seconds, cpuMicros: cpu.system * 1000 } satisfies Drain
  }).pipe(Effect.provide(layerDatabaseOf(stack)))
}).pipe(Effect.scoped)
