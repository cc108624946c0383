import { Effect, Metric, Schedule } from "effect"
import type { Subscription } from "../broker.ts"
import { standingOf } from "./standing.ts"

const lagGauge = Metric.gauge("flowforge_consumer_lag_messages", {
  description: "Messages that the group has not acknowledged"
})
const parkedGauge = Metric.gauge("flowforge_parked_events", {
  description: "Events that wait in PostgreSQL for their next attempt, or behind one that does"
})
const deadGauge = Metric.gauge("flowforge_dead_letters_open", {
  description: "Dead letters that nobody has replayed or discarded yet"
})

/** Looks once at what a group has still to do, and sets the gauges of its topics. */
export const look = Effect.fnUntraced(function* (
  group: string,
  topics: ReadonlyArray<string>,
  subscription: Subscription
) {
  const lag = yield* subscription.lag
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
