import { Effect, Layer, Metric, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const oldest = Metric.gauge("flowforge_outbox_oldest_unpublished_seconds", {
  description: "Age of the oldest outbox row that its relay has not published; 0 when there is none"
})
const quarantined = Metric.gauge("flowforge_quarantined_messages", {
  description: "Outbox rows that the broker refused for good and that lie in quarantine"
})
const xminAge = Metric.gauge("flowforge_xmin_age_seconds", {
  description: "Age of the oldest transaction that writes; while it is open, nothing newer is published"
})

/** When the oldest row came that the relay whose cursor is `c` has not published. */
const OLDEST_UNPUBLISHED = `
  SELECT o.created_at FROM outbox o
   WHERE o.source = c.source AND (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id)
   ORDER BY o.epoch, o.xid, o.id LIMIT 1`

/** How long the oldest row of a source has waited for its relay: seconds, 0 where none waits or there is no relay. */
export const unpublishedSeconds = (source: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql.unsafe<{ age: number | null }>(
        `SELECT extract(epoch FROM now() - (${OLDEST_UNPUBLISHED}))::float8 AS age FROM relay_cursors c WHERE source = $1`,
        [source]
      ),
      ([row]) => Math.max(row?.age ?? 0, 0)
    )
  )

/** Looks at the outbox once and sets the gauges. */
export const look = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const sources = yield* sql.unsafe<{ source: string; age: number; quarantined: number }>(
    `SELECT c.source,
            coalesce(extract(epoch FROM now() - (${OLDEST_UNPUBLISHED})), 0)::float8 AS age,
            (SELECT count(*) FROM quarantined_messages q WHERE q.source = c.source)::int AS quarantined
       FROM relay_cursors c`
  )
  for (const { source, age, quarantined: count } of sources) {
    yield* Metric.update(Metric.withAttributes(oldest, { source }), Math.max(age, 0))
    yield* Metric.update(Metric.withAttributes(quarantined, { source }), count)
  }
  const [writing] = yield* sql.unsafe<{ age: number }>(
    `SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float8 AS age
       FROM pg_stat_activity WHERE backend_xid IS NOT NULL`
  )
  yield* Metric.update(xminAge, Math.max(writing?.age ?? 0, 0))
})

/** Looks every 15 seconds; any number of processes may, they all see the same. */
export const layer: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.effectDiscard(
  look.pipe(Effect.ignore, Effect.repeat(Schedule.spaced("15 seconds")), Effect.forkScoped)
)
