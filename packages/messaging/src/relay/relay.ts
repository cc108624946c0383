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
import { type Ahead, type Position, readAfter } from "./rows.ts"
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

/** Milliseconds to the next look, and how they grow. */
interface Pace {
  readonly first: number
  readonly growth: number
  readonly longest: number
}
/** Committed rows are hidden behind a transaction that still runs, and nobody will tell when it ends. */
const HIDDEN: Pace = { first: 4, growth: 1.5, longest: 250 }
/** There is nothing: a wake-up comes with the next commit, unless it is lost. */
const IDLE: Pace = { first: 50, growth: 2, longest: 1_000 }
/** While the broker is away: doubled from here, with full jitter. */
const BACKOFF = { base: 100, cap: 5_000 } as const
const CLUSTER_CHECK = 10_000
const NOTHING_READ: Ahead = { rows: [], hides: false }
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
  let pace = IDLE
  let lookIn = pace.first
  /** In a backlog, what comes after the cursor: read while the rows before it were on their way. */
  let ahead: Ahead | undefined

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
      // Preparing may have marked it.
      const current = yield* answering(broker.clusterId)
      yield* storeCluster(source, current)
      cursor = { ...cursor, clusterId: current }
    }
    checkClusterAt = now + CLUSTER_CHECK
  })

  /** What comes after a place; undefined when another relay has gone further meanwhile: go on from where that one is. */
  const look = Effect.fnUntraced(function* (after: Position) {
    if (!isBehind) return yield* readAfter(source, after, batch)
    const read = yield* moveAndRead(source, cursor.position, after, batch)
    isBehind = false
    if (!read.moved) return undefined
    yield* reach("relay.moved")
    return read.ahead
  })

  const setPace = (next: Pace, moves: boolean) => {
    if (next !== pace || moves) lookIn = next.first
    pace = next
  }

  /** Keeps what the broker refuses; answers false when another relay has gone further. */
  const setAside = (refused: ReadonlyArray<Refusal>, last: Position) =>
    sql.withTransaction(
      Effect.tap(moveCursor(source, last), (moved) =>
        moved
          ? Effect.forEach(refused, ({ message, reason }) => quarantine(source, message, reason), { discard: true })
          : Effect.void
      )
    )

  /** Publishes one batch; answers whether to look again at once. */
  const step = Effect.gen(function* () {
    yield* checkCluster
    const found = ahead ?? (yield* look(cursor.position))
    ahead = undefined
    if (found === undefined) {
      cursor = yield* loadCursor(source)
      return true
    }
    const { rows } = found
    setPace(found.hides ? HIDDEN : IDLE, rows.length > 0)
    const last = rows.at(-1)
    if (last === undefined) return false
    const isBacklog = rows.length === batch
    const [refused, following] = yield* Effect.all(
      [publishAll(rows.map((row) => row.message)), isBacklog ? look(last.position) : Effect.succeed(NOTHING_READ)],
      { concurrency: 2 }
    )
    yield* reach("relay.produced")
    if (following === undefined || (refused.length > 0 && !(yield* setAside(refused, last.position)))) {
      cursor = yield* loadCursor(source)
      return true
    }
    isBehind = refused.length === 0
    cursor = { ...cursor, position: last.position }
    if (following.rows.length > 0) ahead = following
    yield* Metric.update(counter, rows.length - refused.length)
    for (const { message, reason } of refused) {
      yield* Metric.update(refusals, 1)
      yield* Effect.logError("the broker refuses a message for good: quarantined").pipe(
        Effect.annotateLogs({ topic: message.topic, key: message.key, event_id: message.eventId, reason })
      )
    }
    // What was hidden a publication ago may have settled.
    return isBacklog || found.hides
  })

  const waitForMore = Effect.gen(function* () {
    const woken = yield* nextWakeup(wakeups, topics).pipe(Effect.timeoutOption(Duration.millis(lookIn)))
    lookIn = woken._tag === "Some" ? pace.first : Math.min(lookIn * pace.growth, pace.longest)
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
    Effect.flatMap((again) => (again ? Effect.void : waitForMore)),
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
