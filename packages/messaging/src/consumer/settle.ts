import { Effect, Metric, Random } from "effect"
import { reach } from "../crash-points.ts"
import type { Delivery } from "../delivery.ts"
import { park } from "../parked/park.ts"
import { giveUp } from "../policies/dead-letter.ts"
import { type Failure, judge } from "../policies/failure.ts"
import { backoffMillis, isGivenUp } from "../policies/retry.ts"
import { failSpanOf } from "../policies/tracing.ts"
import type { Entry } from "./entry.ts"
import { BatchRefused, type Member } from "./member.ts"

const attemptCount = Metric.counter("flowforge_delivery_attempts_total", {
  description: "Executions of handlers that ended for a delivery; one that fails in a batch counts when it is alone",
  incremental: true
})

export const countAttempts = (
  group: string,
  topic: string,
  outcome: "done" | "failed",
  attempts: number
): Effect.Effect<void> => Metric.update(Metric.withAttributes(attemptCount, { group, topic, outcome }), attempts)

/** Ends an event that failed in place: a dead letter when no retry can help or none is left, else parked. */
export const settleFailed = Effect.fnUntraced(function* (
  member: Member,
  entry: Entry<any>,
  delivery: Delivery<any>,
  failed: { readonly failure: Failure; readonly attempts: number }
) {
  const { failure, attempts } = failed
  if (isGivenUp(failure, attempts, entry.policy)) {
    yield* orRefuse(giveUp(member.group, entry.topic, delivery, failed))
    yield* reach("consumer.buried")
    return yield* failSpanOf(delivery, failure.text, "dead")
  }
  const delayMillis = backoffMillis(failure, attempts, entry.policy.backoff, yield* Random.next)
  yield* orRefuse(park(member.group, delivery, { attempts, error: failure.text, delayMillis }))
  yield* reach("consumer.parked")
  yield* failSpanOf(delivery, failure.text, "parked")
  yield* member.parked
})

/** What cannot even be parked or buried goes back to the broker. */
export const orRefuse = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchCause(effect, (cause) =>
    Effect.flatMap(judge(cause), ({ text }) => Effect.fail(new BatchRefused({ reason: text })))
  )
