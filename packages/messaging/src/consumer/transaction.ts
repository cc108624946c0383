import { Cause, Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { type Failure, failureOf } from "../policies/failure.ts"
import { claim } from "./claim.ts"
import { BatchRefused, type Member } from "./member.ts"
import type { Called, Entry } from "./entry.ts"
import { giveUpForNow } from "./settle.ts"
import { within } from "../policies/timeout.ts"

/** A whole batch may take this long in the database; the server itself ends a transaction after five seconds. */
const BATCH_BUDGET = "4 seconds"

/**
 * Keeps the results with their delivery record, in one transaction. A failing batch is split in two and each half tried,
 * down to the one at fault, which is tried again in place and then given up for now; the others are done.
 */
export const commit = <R>(
  member: Member,
  entry: Entry<R>,
  results: NonEmptyReadonlyArray<Called<any, any>>,
  attempts = 1
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const failure = yield* attempt(member, entry, results)
    if (failure === undefined) return
    if (failure.kind === "database") return yield* new BatchRefused({ reason: failure.text })
    if (results.length > 1) {
      const middle = results.length >> 1
      yield* commit(member, entry, results.slice(0, middle) as never)
      return yield* commit(member, entry, results.slice(middle) as never)
    }
    if (failure.kind === "retryable" && attempts < entry.policy.immediateAttempts) {
      return yield* commit(member, entry, results, attempts + 1)
    }
    yield* orRefuse(giveUpForNow(member.group, entry, results[0].delivery, { failure, attempts }))
    yield* member.parked
  })

const attempt = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  results: NonEmptyReadonlyArray<Called<any, any>>
) {
  const sql = yield* SqlClient.SqlClient
  const deliveries = results.map(({ delivery }) => delivery)
  const exit = yield* sql
    .withTransaction(
      Effect.gen(function* () {
        const claimed = new Set(yield* claim(member.group, entry.topic.name, deliveries))
        const fresh = results.filter(({ delivery }) => claimed.has(delivery))
        if (fresh.length > 0) yield* Effect.suspend(() => entry.record(fresh as never))
      })
    )
    .pipe(within(results.length > 1 ? BATCH_BUDGET : entry.policy.inlineBudget), Effect.exit)
  return exit._tag === "Success" ? undefined : yield* failureOrInterrupt(exit.cause)
})

/** The failure of an attempt; an interruption (a shutdown) goes through. */
export const failureOrInterrupt = (cause: Cause.Cause<unknown>): Effect.Effect<Failure> =>
  Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.succeed(failureOf(cause))

/** What cannot even be parked or buried goes back to the broker. */
export const orRefuse = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, BatchRefused, R> =>
  Effect.catchCause(effect, (cause) =>
    Effect.flatMap(failureOrInterrupt(cause), ({ text }) => Effect.fail(new BatchRefused({ reason: text })))
  )
