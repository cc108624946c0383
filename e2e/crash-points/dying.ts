import { assert } from "@effect/vitest"
import { auditInstance, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { type CrashPoint, crashPoints } from "@flowforge/flowforge"
import { lastWords } from "@flowforge/messaging"
import { Duration, Effect } from "effect"
import { atRest } from "../system/at-rest.ts"
import { sendCustomers, type Wish } from "../system/customers.ts"
import { type ProcessName, World } from "./world.ts"

/** One process of each kind at most, and where it dies. All die under the same load. */
export type Round = Partial<Record<ProcessName, CrashPoint>>

const deathsOf = (round: Round) => Object.entries(round) as ReadonlyArray<[ProcessName, CrashPoint]>

export const titleOf = (round: Round): string =>
  deathsOf(round)
    .map(([name, point]) => `${name} at ${point} (${crashPoints[point]})`)
    .join(", ")

const TOKENS = ["tok_ok", "tok_flaky", "tok_ok", "tok_declined", "tok_timeout_after_capture"]

/** Ordinary items, a scarce one that runs dry, some declined, some cancelled at once. */
const wishOf = (n: number): Wish => ({
  body: {
    user_id: `00000000-0000-7000-8000-${String(1 + (n % 90)).padStart(12, "0")}`,
    items: [
      { item_id: n % 4 === 0 ? 61 : 1 + (n % 50), quantity: 1 },
      { item_id: 1 + ((n * 13) % 60), quantity: 2 }
    ],
    payment_info: { method: "card", token: TOKENS[n % TOKENS.length] }
  },
  cancels: n % 7 === 0
})

/** Starts it anew to die there, sees it die of that and of nothing else, and starts it once more as it should be. */
const dieOnce = Effect.fnUntraced(function* (name: ProcessName, point: CrashPoint) {
  const { replace } = yield* World
  const doomed = yield* replace(name, point)
  if (point === "consumer.closing") {
    yield* doomed.ready
    yield* doomed.end("SIGTERM")
  }
  yield* doomed.says(lastWords(point))
  assert.deepStrictEqual(yield* doomed.ended, { code: null, signal: "SIGKILL" }, doomed.output())
  yield* (yield* replace(name)).ready
})

/**
 * Customers keep ordering while the processes of the round die, each once and all at about the same time. Then every
 * order comes to its end, and every invariant of the audit holds.
 */
export const live = Effect.fnUntraced(function* (
  round: Round,
  options: { readonly name: string; readonly expectedDeadLetters: number; readonly meanwhile?: Effect.Effect<void> }
) {
  const { instance } = yield* World
  const customers = sendCustomers({
    name: options.name,
    publicUrl: instance.publicUrl,
    customers: 3,
    pauseMillis: 150,
    wishOf
  })
  yield* Effect.all(
    [...deathsOf(round).map(([name, point]) => dieOnce(name, point)), options.meanwhile ?? Effect.void],
    { concurrency: "unbounded" }
  ).pipe(Effect.ensuring(Effect.promise(customers.stop)))
  assert.deepStrictEqual(customers.complaints, [])
  assert.isAbove(customers.accepted.length, 10)
  yield* atRest(instance, "60 seconds")
  const findings = yield* auditInstance(instance, {
    settleTime: Duration.zero,
    accepted: customers.accepted,
    expectedDeadLetters: options.expectedDeadLetters
  })
  assert.deepStrictEqual(findings.filter(isViolated), [], renderFindings(findings))
})
