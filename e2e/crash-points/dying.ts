import { assert } from "@effect/vitest"
import { auditInstance, type Finding, isViolated, renderFindings } from "@flowforge/embedded/audit"
import type { CrashPoint } from "@flowforge/flowforge"
import { lastWords } from "@flowforge/messaging"
import { eventually, type LaunchedProcess } from "@flowforge/testkit"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { atRest, layerDatabaseOf } from "../system/at-rest.ts"
import { sendCustomers } from "../system/customers.ts"
import type { ServiceName } from "../system/programs.ts"
import { wishesWith } from "../system/wishes.ts"
import { deathsOf, type Round } from "./rounds.ts"
import { whenReady, World } from "./world.ts"

/** How long a process may take to come to its point, and orders to their end: on a busy machine, too. */
const PATIENCE = "2 minutes"

const TOKENS = ["tok_ok", "tok_flaky", "tok_ok", "tok_declined", "tok_timeout_after_capture"]

/** A record that nobody can read, for the group inventory. */
const poison = Effect.gen(function* () {
  const { instance } = yield* World
  yield* SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
      VALUES ('test', 'payment.succeeded', 0, '', gen_random_uuid(), 'no JSON', '{}')`
  ).pipe(Effect.provide(layerDatabaseOf(instance)))
})

/** What orders alone do not bring a process to. */
const lure = (point: CrashPoint, doomed: LaunchedProcess) => {
  if (point === "consumer.closing") return Effect.andThen(whenReady(doomed), doomed.end("SIGTERM"))
  return point === "consumer.buried" ? poison : Effect.void
}

/** Starts it anew to die there, sees it die of that and of nothing else, and starts it once more as it should be. */
const dieOnce = Effect.fnUntraced(function* (name: ServiceName, point: CrashPoint) {
  const { replace } = yield* World
  const doomed = yield* replace(name, point)
  yield* lure(point, doomed)
  const ending = yield* doomed.ended.pipe(
    Effect.timeoutOrElse({
      duration: PATIENCE,
      orElse: () => Effect.die(new Error(`${name} never came to ${point}:\n${doomed.output()}`))
    })
  )
  assert.deepStrictEqual(ending, { code: null, signal: "SIGKILL" }, doomed.output())
  assert.include(doomed.output(), lastWords(point))
  yield* whenReady(yield* replace(name))
})

/** With Kafka an event can still be on its way to a group that has nothing to do about it. */
const cleanAudit = Effect.fnUntraced(function* (accepted: ReadonlyArray<string>, expectedDeadLetters: number) {
  const { instance } = yield* World
  let findings: ReadonlyArray<Finding> = []
  const isClean = Effect.map(
    auditInstance(instance, { settleTime: Duration.zero, accepted, expectedDeadLetters }),
    (found) => !(findings = found).some(isViolated)
  )
  yield* eventually("the audit is clean", isClean, "20 seconds", "1 second").pipe(
    Effect.catchTag("NotYet", () => Effect.sync(() => assert.fail(renderFindings(findings))))
  )
})

/**
 * Customers keep ordering while the processes of the round die, each once and all at about the same time. Then every
 * order comes to its end, and every invariant of the audit holds.
 */
export const live = Effect.fnUntraced(function* (
  round: Round,
  options: { readonly name: string; readonly deadLetters?: number; readonly meanwhile?: Effect.Effect<void> }
) {
  const { instance } = yield* World
  const customers = sendCustomers({
    name: options.name,
    publicUrl: instance.publicUrl,
    customers: 3,
    pauseMillis: 150,
    wishOf: wishesWith(TOKENS)
  })
  const haveOrdered = eventually(
    "enough orders are accepted",
    Effect.sync(() => customers.accepted.length > 10),
    PATIENCE
  )
  yield* Effect.all(
    [haveOrdered, ...deathsOf(round).map(([name, point]) => dieOnce(name, point)), options.meanwhile ?? Effect.void],
    { concurrency: "unbounded" }
  ).pipe(Effect.ensuring(Effect.promise(customers.stop)))
  assert.deepStrictEqual(customers.complaints, [])
  yield* atRest(instance, PATIENCE)
  yield* cleanAudit(customers.accepted, options.deadLetters ?? 0)
})
