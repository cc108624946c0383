import { Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import type { Delivery } from "../delivery.ts"
import type { Failure } from "../policies/failure.ts"
import { OutcomeUnknown, within } from "../policies/timeout.ts"
import { park } from "../parked/park.ts"
import { unclaimed } from "./claim.ts"
import type { Called, Entry } from "./entry.ts"
import { BatchRefused, type Member } from "./member.ts"
import { giveUpForNow } from "./settle.ts"
import { commit, failureOrInterrupt, orRefuse } from "./transaction.ts"

/** What came of one call. */
export type CallOutcome =
  | { readonly delivery: Delivery<any>; readonly result: unknown; readonly failure?: undefined }
  | { readonly delivery: Delivery<any>; readonly failure: Failure }

/**
 * Carries out deliveries whose effect is outside: intents first, then the calls, then the results with their record.
 * Two of one key never run at once: the later one sees what became of the earlier.
 */
export const runCalls = <R>(
  member: Member,
  entry: Entry<R>,
  deliveries: NonEmptyReadonlyArray<Delivery<any>>
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const { fresh, held } = yield* orRefuse(unclaimed(member.group, entry.topic.name, deliveries))
    for (const delivery of held) {
      yield* orRefuse(park(member.group, delivery, { attempts: 0, error: "waits behind", delayMillis: 0 }))
    }
    if (fresh.length === 0) return
    const isTrial = yield* member.circuit.isOpen
    if (isTrial && (yield* member.circuit.waitMillis) > 0) return yield* new BatchRefused({ reason: "circuit open" })
    const wave: Array<Delivery<any>> = []
    const later: Array<Delivery<any>> = []
    const keys = new Set<string>()
    for (const delivery of fresh) {
      if (keys.has(delivery.key) || (isTrial && wave.length === 1)) later.push(delivery)
      else wave.push(delivery)
      keys.add(delivery.key)
    }
    yield* runWave(member, entry, wave as never)
    if (later.length > 0) yield* runCalls(member, entry, later as never)
  })

const runWave = <R>(
  member: Member,
  entry: Entry<R>,
  wave: NonEmptyReadonlyArray<Delivery<any>>
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const prepared = yield* Effect.exit(sql.withTransaction(Effect.suspend(() => entry.prepare(wave))))
    if (prepared._tag === "Failure") {
      const failure = yield* failureOrInterrupt(prepared.cause)
      if (failure.kind === "database") return yield* new BatchRefused({ reason: failure.text })
      if (wave.length === 1) {
        yield* orRefuse(giveUpForNow(member.group, entry, wave[0], { failure, attempts: 1 }))
        return yield* member.parked
      }
      const middle = wave.length >> 1
      yield* runWave(member, entry, wave.slice(0, middle) as never)
      return yield* runWave(member, entry, wave.slice(middle) as never)
    }
    const outcomes = yield* Effect.forEach(
      wave.map((delivery, n) => ({ delivery, plan: prepared.value[n] })),
      ({ delivery, plan }) => callInPlace(member, entry, delivery, plan),
      { concurrency: entry.concurrency }
    )
    const called = outcomes.filter((outcome): outcome is Called<any, any> & CallOutcome => !outcome.failure)
    if (called.length > 0) yield* commit(member, entry, called as never)
    const isOpen = yield* member.circuit.isOpen
    for (const { delivery, failure } of outcomes) {
      if (failure === undefined) continue
      if (isOpen && failure.kind === "dependency") continue
      yield* orRefuse(
        giveUpForNow(member.group, entry, delivery, { failure, attempts: entry.policy.immediateAttempts })
      )
      yield* member.parked
    }
    if (isOpen && called.length < outcomes.length) return yield* new BatchRefused({ reason: "circuit open" })
  })

const callInPlace = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  delivery: Delivery<any>,
  plan: unknown
) {
  let outcome = yield* callOnce(member, entry, delivery, plan)
  for (let n = 1; n < entry.policy.immediateAttempts && outcome.failure?.kind === "retryable"; n++) {
    outcome = yield* callOnce(member, entry, delivery, plan)
  }
  return outcome
})

/** One call, with what the circuit makes of it. A call that takes too long speaks against the dependency as well. */
export const callOnce = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  delivery: Delivery<any>,
  plan: unknown
): Effect.fn.Return<CallOutcome, never, R> {
  const exit = yield* Effect.suspend(() => entry.call!(delivery, plan)).pipe(
    within(entry.policy.inlineBudget),
    Effect.exit
  )
  if (exit._tag === "Success") {
    yield* member.circuit.succeeded
    return { delivery, result: exit.value }
  }
  const failure = yield* failureOrInterrupt(exit.cause)
  const timedOut = exit.cause.reasons.some((reason) => reason._tag === "Fail" && reason.error instanceof OutcomeUnknown)
  if (failure.kind !== "dependency" && !timedOut) return { delivery, failure }
  const wasOpen = yield* member.circuit.isOpen
  const isOpen = yield* member.circuit.failed(delivery.key)
  if (isOpen && !wasOpen) yield* member.opened
  return { delivery, failure: isOpen ? { ...failure, kind: "dependency" } : failure }
})
