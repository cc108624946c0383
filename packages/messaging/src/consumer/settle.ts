import { Effect, Random } from "effect"
import { SqlClient } from "effect/sql"
import { bury } from "../dead-letters/bury.ts"
import type { Delivery } from "../delivery.ts"
import { park } from "../parked/park.ts"
import { backoffMillis } from "../policies/backoff.ts"
import type { Failure } from "../policies/failure.ts"
import type { Entry } from "./entry.ts"

/** Ends an event that failed in place: a dead letter when no retry can help or none is left, else parked. */
export const giveUpForNow = Effect.fnUntraced(function* (
  group: string,
  entry: Entry<any>,
  delivery: Delivery<any>,
  failed: { readonly failure: Failure; readonly attempts: number }
) {
  const { failure, attempts } = failed
  if (failure.kind !== "impossible" && attempts < entry.policy.maxAttempts) {
    const delayMillis = backoffMillis(attempts, entry.policy.backoff, yield* Random.next)
    return yield* park(group, delivery, { attempts, error: failure.text, delayMillis })
  }
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.gen(function* () {
      const rows = yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, 'dead')
         ON CONFLICT DO NOTHING RETURNING event_id`,
        [group, delivery.eventId]
      )
      if (rows.length === 0) return
      yield* bury(group, entry.topic, {
        record: delivery.record,
        eventId: delivery.eventId,
        kind: failure.kind,
        error: failure.text,
        attempts
      })
    })
  )
  yield* Effect.logWarning("an event is a dead letter").pipe(
    Effect.annotateLogs({
      group,
      topic: delivery.topic,
      key: delivery.key,
      event_id: delivery.eventId,
      error: failure.text
    })
  )
})
