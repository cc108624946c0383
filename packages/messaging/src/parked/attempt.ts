import { type Cause, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { callOnce } from "../consumer/calls.ts"
import { recording } from "../consumer/commit.ts"
import type { Entry } from "../consumer/entry.ts"
import type { Member } from "../consumer/member.ts"
import type { Delivery } from "../delivery.ts"
import { type Failure, judge } from "../policies/failure.ts"
import { within } from "../policies/timeout.ts"
import { type HeldKey, settle, type Waiting } from "./keys.ts"

const closed: Failure = { kind: "dependency", text: "circuit open" }

/**
 * The handler once more, for a delivery that waited: under the same policies, but for the inbox, whose part is played by
 * the record that is there already. Success commits together with its change from parked to done.
 */
export const attemptOnce = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  delivery: Delivery<any>,
  at: { readonly held: HeldKey; readonly waiting: Waiting }
) {
  const sql = yield* SqlClient.SqlClient
  const budget = within(entry.policy.inlineBudget)
  if ((yield* member.circuit.admit(entry.topic.name, entry.call !== undefined)) === "none") return closed
  const failureInDatabase = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
    const failure = yield* judge(cause)
    if (failure.kind === "dependency") yield* member.circuit.failed(delivery.topic, delivery.key)
    return failure
  })
  let result: unknown
  if (entry.call !== undefined) {
    const prepared = yield* Effect.suspend(() => entry.prepare([delivery])).pipe(budget, Effect.exit)
    if (prepared._tag === "Failure") return yield* failureInDatabase(prepared.cause)
    const outcome = yield* callOnce(member, entry, delivery, prepared.value[0])
    if (outcome.failure !== undefined) return outcome.failure
    result = outcome.result
  }
  const exit = yield* Effect.gen(function* () {
    if (!(yield* settle(at.held, at.waiting, "done"))) return
    yield* Effect.suspend(() => recording(member, entry)([{ delivery, result }]))
  }).pipe(sql.withTransaction, budget, Effect.exit)
  return exit._tag === "Success" ? undefined : yield* failureInDatabase(exit.cause)
})
