import { Clock, Duration, Effect, Layer, Metric, Random } from "effect"
import { SqlClient } from "effect/sql"
import { Broker } from "../broker.ts"
import type { PublishFailed } from "../errors.ts"
import { reach } from "../crash-points.ts"
import { Singleton } from "../singleton.ts"
import type { Subscriptions } from "../subscriptions.ts"
import { nextWakeup, Wakeups } from "../wakeups.ts"
import { loadCursor, moveAndRead, moveCursor, quarantine, storeCluster } from "./cursor.ts"
import { ensureEpoch } from "./epoch.ts"
import { answering, publishAll, type Refusal } from "./publish.ts"
import { type OutboxRow, type Position, rowsAfter } from "./rows.ts"
import { republish } from "./wipe.ts"

export interface RelayOptions {
  /** The service whose rows are published. */
  readonly source: string
  /** Who must get them: needed to tell what to publish again when the broker has lost its data. */
  readonly subscriptions: Subscriptions
  /** The topics this source appends to; a wake-up for others is ignored. All, when absent. */
  readonly topics?: ReadonlyArray<string>
  /** Run when the broker has lost its data, before anything is published again: topics are gone with it. */
  readonly prepare?: Effect.Effect<void, PublishFailed>
  /** The most rows in one batch; one batch is in flight. Default 250: more of them is more memory to touch. */
  readonly batch?: number
}

const published = Metric.counter("flowforge_outbox_published_total", {
  description: "Outbox rows that the broker has acknowledged",
  incremental: true
})
const quarantined = Metric.counter("flowforge_outbox_refused_total", {
  description: "Outbox rows that the broker refused for good",
  incremental: true
})

/**
 * Milliseconds to the next look without a wake-up. Rows can stay hidden for a while after theirs, behind a transaction
 * that still runs: so look again soon, then ever less often.
 */
const FIRST_LOOK = 5
const LONGEST_LOOK = 1_000
/** While the broker is away: doubled from here, with full jitter. */
const BACKOFF = { base: 100, cap: 5_000 } as const
const CLUSTER_CHECK = 10_000
/** How long a relay that stops tries to store how far it is: what it cannot, the next one publishes again. */
const LAST_MOVE = Duration.seconds(1)

/** Publishes the rows of one source until interrupted. Run it under a {@link Singleton}: {@link layer} does. */
export const run = Effect.fnUntraced(function* (options: RelayOptions) {
  const { source, subscriptions, batch = 250 } = options
  const sql = yield* SqlClient.SqlClient
  const broker = yield* Broker
  const { keep, subscribe } = yield* Wakeups
  const wakeups = yield* subscribe
  const topics = options.topics === undefined ? undefined : new Set(options.topics)
  if (topics !== undefined) yield* keep(topics)
  const counter = Metric.withAttributes(published, { source })
  const refusals = Metric.withAttributes(quarantined, { source })

  yield* ensureEpoch
  let cursor = yield* loadCursor(source)
  /** Whether the stored cursor has yet to follow: the next look takes it along. */
  let isBehind = false
  let checkClusterAt = 0
  let failures = 0
  let lookIn = FIRST_LOOK
  /** In a backlog, the rows after the cursor: read while those before them were on their way. */
  let ahead: ReadonlyArray<OutboxRow> | undefined

  /** Once for each cluster that is not the stored one: all that somebody lacks, before anything newer. */
  const checkCluster = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now < checkClusterAt) return
    const clusterId = yield* answering(broker.clusterId)
    if (clusterId !== cursor.clusterId) {
      if (cursor.clusterId !== null) {
        yield* Effect.logWarning("the broker has lost its data: publishing again what was not handled")
        yield* options.prepare ?? Effect.void
        const count = yield* republish(source, cursor.position, subscriptions)
        yield* Effect.logWarning("published again").pipe(Effect.annotateLogs({ messages: count }))
      }
      yield* storeCluster(source, clusterId)
      cursor = { ...cursor, clusterId }
    }
    checkClusterAt = now + CLUSTER_CHECK
  })

  /** The rows after a place; undefined when another relay has gone further meanwhile: go on from where that one is. */
  const look = Effect.fnUntraced(function* (after: Position) {
    if (!isBehind) return yield* rowsAfter(source, after, batch)
    const { moved, rows } = yield* moveAndRead(source, cursor.position, after, batch)
    isBehind = false
    if (!moved) return undefined
    yield* reach("relay.moved")
    return rows
  })

  /** Keeps what the broker refuses; answers false when another relay has gone further. */
  const setAside = (refused: ReadonlyArray<Refusal>, last: Position) =>
    sql.withTransaction(
      Effect.tap(moveCursor(source, last), (moved) =>
        moved
          ? Effect.forEach(refused, ({ message, reason }) => quarantine(source, message, reason), { discard: true })
          : Effect.void
      )
    )

  /** Publishes one batch; answers how many rows there were. */
  const step = Effect.gen(function* () {
    yield* checkCluster
    const rows = ahead ?? (yield* look(cursor.position))
    ahead = undefined
    if (rows === undefined) {
      cursor = yield* loadCursor(source)
      return batch
    }
    const last = rows.at(-1)
    if (last === undefined) return 0
    const [refused, following] = yield* Effect.all(
      [publishAll(rows.map((row) => row.message)), rows.length < batch ? Effect.succeed([]) : look(last.position)],
      { concurrency: 2 }
    )
    yield* reach("relay.produced")
    if (following === undefined || (refused.length > 0 && !(yield* setAside(refused, last.position)))) {
      cursor = yield* loadCursor(source)
      return batch
    }
    isBehind = refused.length === 0
    cursor = { ...cursor, position: last.position }
    if (following.length > 0) ahead = following
    yield* Metric.update(counter, rows.length - refused.length)
    for (const { message, reason } of refused) {
      yield* Metric.update(refusals, 1)
      yield* Effect.logError("the broker refuses a message for good: quarantined").pipe(
        Effect.annotateLogs({ topic: message.topic, key: message.key, event_id: message.eventId, reason })
      )
    }
    return rows.length
  })

  const waitForMore = Effect.gen(function* () {
    const woken = yield* nextWakeup(wakeups, topics).pipe(Effect.timeoutOption(Duration.millis(lookIn)))
    lookIn = woken._tag === "Some" ? FIRST_LOOK : Math.min(lookIn * 2, LONGEST_LOOK)
  })

  const waitForBroker = Effect.fnUntraced(function* (reason: string) {
    if (failures === 0) yield* Effect.logWarning("the broker is away").pipe(Effect.annotateLogs({ reason }))
    const ceiling = Math.min(BACKOFF.cap, BACKOFF.base * 2 ** Math.min(failures, 10))
    failures++
    checkClusterAt = 0
    yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(ceiling / 2, ceiling + 1)))
  })

  const turn = step.pipe(
    Effect.tap(() => {
      if (failures === 0) return Effect.void
      failures = 0
      return Effect.logInfo("the broker is back")
    }),
    Effect.flatMap((count) => {
      if (count === batch) return Effect.void
      if (count > 0) lookIn = FIRST_LOOK
      return waitForMore
    }),
    Effect.catchTag("PublishFailed", (failure) => waitForBroker(failure.reason))
  )
  yield* Effect.addFinalizer(() =>
    isBehind ? moveCursor(source, cursor.position).pipe(Effect.timeoutOption(LAST_MOVE), Effect.ignore) : Effect.void
  )
  // Looking again and again is no part of anybody's trace.
  return yield* Effect.withTracerEnabled(Effect.forever(turn), false)
}, Effect.scoped)

/** The relay of one source: in one process at a time. An error of the database ends its turn; it starts over. */
export const layer = (
  options: RelayOptions
): Layer.Layer<never, never, Broker | Singleton | SqlClient.SqlClient | Wakeups> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const singleton = yield* Singleton
      yield* run(options).pipe(Effect.annotateLogs({ relay: options.source }), singleton.whileHeld, Effect.forkScoped)
    })
  )
