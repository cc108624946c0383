import { Duration, Effect, Metric } from "effect"
import * as Metrics from "./metrics.ts"
import { type Owed, Payments } from "./store.ts"

const EVERY = Duration.seconds(15)
/** A void or refund that takes this long is not on its way: people have to know. */
const OVERDUE_SECONDS = 60

const nothing: ReadonlyArray<Owed> = []

const show = (found: ReadonlyArray<Owed>) =>
  Effect.forEach(
    Metrics.owed,
    ({ status, count, oldestSeconds }) => {
      const owed = found.find((each) => each.status === status)
      return Effect.andThen(
        Metric.update(count, owed?.count ?? 0),
        Metric.update(oldestSeconds, owed?.oldest_seconds ?? 0)
      )
    },
    { discard: true }
  )

/** What is said when compensations begin to be overdue, and when none is any more: once each, not for every payment. */
const tell = (overdue: ReadonlyArray<Owed>, wasOverdue: boolean) => {
  const oldest = overdue.toSorted((a, b) => b.oldest_seconds - a.oldest_seconds)[0]
  if ((oldest !== undefined) === wasOverdue) return Effect.void
  return oldest === undefined
    ? Effect.logInfo("every void and refund has come through")
    : Effect.logError("voids or refunds are overdue: the gateway keeps failing them").pipe(
        Effect.annotateLogs({
          count: overdue.reduce((sum, { count }) => sum + count, 0),
          oldest_order_id: oldest.oldest_order_id,
          oldest_seconds: Math.round(oldest.oldest_seconds),
          attempts: oldest.attempts,
          error: oldest.last_error
        })
      )
}

/** Looks once, and shows what is owed; remembers what it has said. */
export const makeSurvey = Effect.gen(function* () {
  const store = yield* Payments
  let wasOverdue = false
  return Effect.gen(function* () {
    const found = yield* store.owed
    yield* show(found)
    const overdue = found.filter((each) => each.status !== "pending" && each.oldest_seconds > OVERDUE_SECONDS)
    yield* tell(overdue, wasOverdue)
    wasOverdue = overdue.length > 0
  })
})

/** Keeps showing what is owed to the gateway, in gauges and in the log, for as long as it runs. */
export const surveying = Effect.gen(function* () {
  const look = Effect.ignore(yield* makeSurvey)
  return yield* Effect.forever(Effect.andThen(look, Effect.sleep(EVERY)))
  // Another process shows it from now on.
}).pipe(Effect.ensuring(show(nothing)))
