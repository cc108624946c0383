import { Duration, Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import { reach } from "../crash-points.ts"
import { bisect } from "../policies/bisect.ts"
import { countFailure } from "../policies/circuit.ts"
import { type Failure, judge } from "../policies/failure.ts"
import { inbox } from "../policies/inbox.ts"
import { isWorthAnotherAtOnce } from "../policies/retry.ts"
import { within } from "../policies/timeout.ts"
import type { Called, Entry, Handle } from "./entry.ts"
import { BatchRefused, type Member } from "./member.ts"
import { countAttempts, settleFailed } from "./settle.ts"

type Results = NonEmptyReadonlyArray<Called<any, any>>

/**
 * How long a whole batch may take in the database, a part of it in proportion: milliseconds. Longer than the two seconds
 * after which the server ends a session that idles in its transaction: a frozen member may hold records we wait for.
 */
const BATCH_BUDGET = 3_000

/** How long this part of a batch may take in the database. */
export const budgetOf = (entry: Entry<any>, part: number, whole: number): Duration.Duration => {
  const inline = Duration.fromInputUnsafe(entry.policy.inlineBudget)
  return part === 1 ? inline : Duration.max(inline, Duration.millis((BATCH_BUDGET * part) / whole))
}

/** Tells what went wrong, if anything did. When PostgreSQL is away the batch goes back to the broker. */
export const attempt = Effect.fnUntraced(function* <R>(effect: Effect.Effect<void, unknown, R>) {
  const exit = yield* Effect.exit(effect)
  if (exit._tag === "Success") return undefined
  const failure = yield* judge(exit.cause)
  if (failure.kind === "database") return yield* new BatchRefused({ reason: failure.text })
  return failure
})

/** The handler's part in the database, with what is told to others once it has committed. */
export const recording =
  <R>(member: Member, entry: Entry<R>): Handle<R | SqlClient.SqlClient> =>
  (results) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* entry.record(results)
      yield* reach("consumer.handled")
      yield* sql.afterCommit(countAttempts(member.group, entry.topic.name, "done", results.length))
      if (entry.call === undefined) yield* sql.afterCommit(member.circuit.succeeded(entry.topic.name))
    })

/**
 * Keeps the results with their delivery record, in one transaction, under the policies of the entry: inbox, timeout,
 * retry. Those at fault are found, tried again in place and then settled as failed; the others are done.
 */
export const commit = <R>(
  member: Member,
  entry: Entry<R>,
  results: Results
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> => {
  const { group } = member
  const topic = entry.topic.name
  const handle = inbox(group, topic)(recording(member, entry))
  const together = (part: Results) =>
    attempt(
      within(budgetOf(entry, part.length, results.length))(Effect.andThen(handle(part), reach("consumer.committed")))
    )
  const atFault = Effect.fnUntraced(function* (result: Called<any, any>, first: Failure) {
    let failure: Failure | undefined = first
    let { delivery } = result
    let attempts = 1
    yield* countAttempts(group, topic, "failed", 1)
    while (isWorthAnotherAtOnce(failure, attempts, entry.policy)) {
      attempts += 1
      delivery = { ...delivery, attempt: attempts }
      failure = yield* together([{ ...result, delivery }])
      if (failure === undefined) return
      yield* countAttempts(group, topic, "failed", 1)
    }
    yield* countFailure(member.circuit, delivery, failure)
    yield* settleFailed(member, entry, delivery, { failure, attempts })
  })
  return bisect(results, { together, atFault })
}
