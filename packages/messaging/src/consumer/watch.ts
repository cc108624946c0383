import { Effect, Metric, Schedule } from "effect"
import type { Subscription } from "../broker.ts"
import { standingOf } from "./standing.ts"

const lagGauge = Metric.gauge("flowforge_consumer_lag_messages", {
  description: "Messages that the group has not acknowledged"
})
const oldestGauge = Metric.gauge("flowforge_consumer_oldest_waiting_seconds", {
  description: "How long the oldest message has waited that the group has not acknowledged; 0 where none waits"
})
const parkedGauge = Metric.gauge("flowforge_parked_events", {
  description: "Events that wait in PostgreSQL for their next attempt, or behind one that does"
})
const deadGauge = Metric.gauge("flowforge_dead_letters_open", {
  description: "Dead letters that nobody has replayed or discarded yet"
})

/** Looks once at what a group has still to do, and sets its gauges. */
export const look = Effect.fnUntraced(function* (
  group: string,
  topics: ReadonlyArray<string>,
  subscription: Subscription
) {
  const lag = yield* subscription.lag
  yield* Metric.update(Metric.withAttributes(oldestGauge, { group }), (yield* subscription.waiting) / 1_000)
  for (const { topic, parked, dead } of yield* standingOf(group, topics)) {
    yield* Metric.update(Metric.withAttributes(lagGauge, { group, topic }), lag.get(topic) ?? 0)
    yield* Metric.update(Metric.withAttributes(parkedGauge, { group, topic }), parked)
    yield* Metric.update(Metric.withAttributes(deadGauge, { group, topic }), dead)
  }
})

/** Looks every 15 seconds, for ever; every member of a group sees the same. */
export const watch = (group: string, topics: ReadonlyArray<string>, subscription: Subscription) =>
  look(group, topics, subscription).pipe(
    Effect.ignore,
    Effect.repeat(Schedule.spaced("15 seconds")),
    Effect.withTracerEnabled(false)
  )
