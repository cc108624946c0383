import { Duration, Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { Singleton } from "../singleton.ts"
import {
  deleteOldRecordsOfDefault,
  type OpenKeys,
  outboxPartitionIsKeptBecause,
  recordsPartitionIsKeptBecause
} from "./obsolete.ts"
import {
  addDays,
  dayOfPartition,
  type Day,
  ensurePartitions,
  outboxTable,
  type PartitionedTable,
  partitionsOf,
  processedEventsTable,
  today,
  withShortLocks
} from "./partitions.ts"

export interface RetentionOptions<E = never, R = never> {
  /** Which of some keys are not at their end yet: their events stay in the outbox. Only the caller can know. */
  readonly openKeys: OpenKeys<E, R>
  /** How long events stay in the outbox; at least Kafka's retention and the longest outage to be survived. Default 10 days. */
  readonly outbox?: Duration.Input
  /** How long delivery records stay; at least as long as the outbox. Default 14 days. */
  readonly records?: Duration.Input
  /** Partitions made in advance. Default 7. */
  readonly daysAhead?: number
  /** Default one hour. */
  readonly every?: Duration.Input
}

const daysLeft = Metric.gauge("flowforge_partition_days_ahead", {
  description: "Days after today that have a partition; alert below 2"
})
const overdue = Metric.gauge("flowforge_partitions_overdue", {
  description: "Partitions older than their retention that could not be dropped yet"
})

/** Drops the partitions that end before a day and that nothing keeps. Answers their names. */
const dropBefore = Effect.fnUntraced(function* <E, R>(
  table: PartitionedTable,
  firstKept: Day,
  keptBecause: (partition: string) => Effect.Effect<string | undefined, E, R>
) {
  const sql = yield* SqlClient.SqlClient
  const dropped: Array<string> = []
  let kept = 0
  for (const partition of yield* partitionsOf(table)) {
    const day = dayOfPartition(table, partition)
    if (day === undefined || day >= firstKept) continue
    const reason = yield* keptBecause(partition)
    if (reason === undefined) {
      yield* withShortLocks(sql.unsafe(`DROP TABLE IF EXISTS ${partition}`))
      dropped.push(partition)
    } else {
      kept++
      yield* Effect.logInfo("a partition is kept past its time").pipe(Effect.annotateLogs({ partition, reason }))
    }
  }
  yield* Metric.update(Metric.withAttributes(overdue, { table: table.name }), kept)
  if (dropped.length > 0) {
    yield* Effect.logInfo("dropped old partitions").pipe(Effect.annotateLogs({ partitions: dropped.join(" ") }))
  }
  return dropped
})

const reportDaysAhead = Effect.fnUntraced(function* (table: PartitionedTable) {
  const now = yield* today
  const days = (yield* partitionsOf(table)).filter((name) => (dayOfPartition(table, name) ?? now) > now).length
  yield* Metric.update(Metric.withAttributes(daysLeft, { table: table.name }), days)
})

/** Makes the partitions of the days to come and drops those whose time is over, once. Answers the names of the dropped. */
export const tidy = Effect.fnUntraced(function* <E, R>(options: RetentionOptions<E, R>) {
  const outboxMillis = Duration.toMillis(Duration.fromInputUnsafe(options.outbox ?? "10 days"))
  const recordsMillis = Duration.toMillis(Duration.fromInputUnsafe(options.records ?? "14 days"))
  if (recordsMillis < outboxMillis) {
    return yield* Effect.die(new Error("delivery records must be kept at least as long as the outbox"))
  }
  yield* ensurePartitions(options.daysAhead === undefined ? {} : { daysAhead: options.daysAhead })
  const now = yield* today
  const daysBefore = (millis: number) => addDays(now, -Math.ceil(millis / Duration.toMillis("1 day")))
  const dropped = [
    ...(yield* dropBefore(outboxTable, daysBefore(outboxMillis), (partition) =>
      outboxPartitionIsKeptBecause(partition, options.openKeys)
    )),
    ...(yield* dropBefore(processedEventsTable, daysBefore(recordsMillis), (partition) =>
      recordsPartitionIsKeptBecause(partition, outboxMillis)
    ))
  ]
  yield* deleteOldRecordsOfDefault(recordsMillis)
  yield* reportDaysAhead(outboxTable)
  yield* reportDaysAhead(processedEventsTable)
  return dropped
})

/** Tidies at once and then every hour, failed or not, in one process at a time, for as long as the Layer lives. */
export const layer = <E, R>(
  options: RetentionOptions<E, R>
): Layer.Layer<never, never, R | Singleton | SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const singleton = yield* Singleton
      const pause = Effect.sleep(options.every ?? "1 hour")
      // There are days of partitions ahead: what failed after reading for minutes does not begin again at once.
      const tidied = Effect.catchCause(tidy(options), (cause) =>
        Effect.logError("partitions could not be tidied, trying again after the pause", cause)
      )
      yield* Effect.forkScoped(singleton.whileHeld(Effect.forever(Effect.andThen(tidied, pause))))
    })
  )
