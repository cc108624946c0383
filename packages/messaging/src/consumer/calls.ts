import { Duration, Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import { reach } from "../crash-points.ts"
import type { Delivery } from "../delivery.ts"
import { park } from "../parked/park.ts"
import { bisect } from "../policies/bisect.ts"
import { countFailure } from "../policies/circuit.ts"
import { type Failure, judge } from "../policies/failure.ts"
import { unclaimed } from "../policies/inbox.ts"
import { isWorthAnotherAtOnce } from "../policies/retry.ts"
import { within } from "../policies/timeout.ts"
import { inSpanOf } from "../policies/tracing.ts"
import { attempt, budgetOf, commit } from "./commit.ts"
import type { Called, Entry } from "./entry.ts"
import { BatchRefused, type Member } from "./member.ts"
import { countAttempts, orRefuse, settleFailed } from "./settle.ts"

type Deliveries = NonEmptyReadonlyArray<Delivery<any>>
/** The deliveries that were prepared and whose call has not begun, with their plans. */
type Unbegun = Map<Delivery<any>, unknown>

/** A batch that goes back waits for its dropped deliveries to be told, and so does a shutdown. */
const DROPPED_BUDGET = Duration.seconds(2)

/** What came of a call. */
export type CallOutcome =
  | { readonly delivery: Delivery<any>; readonly result: unknown; readonly failure?: undefined }
  | { readonly delivery: Delivery<any>; readonly failure: Failure; readonly attempts: number }

/**
 * Carries out deliveries whose effect is outside: intents first, then the calls, then the results with their record.
 * Two of one key never run at once: the later one sees what became of the earlier.
 */
export const runCalls = <R>(
  member: Member,
  entry: Entry<R>,
  deliveries: Deliveries
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const { fresh, held } = yield* orRefuse(unclaimed(member.group, entry.topic.name, deliveries))
    for (const delivery of held) {
      yield* orRefuse(park(member.group, delivery, { attempts: 0, error: "waits behind", delayMillis: 0 }))
    }
    const keys = new Set<string>()
    const wave: Array<Delivery<any>> = []
    const later: Array<Delivery<any>> = []
    for (const delivery of fresh) {
      const rest = keys.has(delivery.key) ? later : wave
      rest.push(delivery)
      keys.add(delivery.key)
    }
    if (wave.length > 0) yield* runWave(member, entry, wave as never)
    if (later.length > 0) yield* runCalls(member, entry, later as never)
  })

/** However a wave ends, those that it leaves unbegun are told. */
const runWave = <R>(member: Member, entry: Entry<R>, wave: Deliveries) =>
  Effect.suspend(() => {
    const unbegun: Unbegun = new Map()
    return Effect.ensuring(
      callAll(member, entry, wave, unbegun),
      Effect.suspend(() => tellDropped(entry, unbegun))
    )
  })

const tellDropped = <R>(entry: Entry<R>, unbegun: Unbegun) =>
  unbegun.size === 0
    ? Effect.void
    : Effect.suspend(() => entry.dropped([...unbegun.keys()] as never)).pipe(
        within(DROPPED_BUDGET),
        Effect.catchCause((cause) => Effect.logWarning("deliveries that were dropped could not be told", cause)),
        Effect.annotateLogs({ topic: entry.topic.name })
      )

const callAll = Effect.fnUntraced(function* <R>(member: Member, entry: Entry<R>, wave: Deliveries, unbegun: Unbegun) {
  yield* prepare(member, entry, wave, unbegun)
  const isTrial = yield* member.circuit.isOpen
  const outcomes = yield* Effect.forEach(
    [...unbegun],
    ([delivery, plan]) =>
      Effect.flatMap(member.circuit.isOpen, (isOpen) => {
        // It has opened since: nobody else need find out.
        if (isOpen && !isTrial) return Effect.succeed(undefined)
        unbegun.delete(delivery)
        return callInPlace(member, entry, delivery, plan)
      }),
    { concurrency: entry.concurrency }
  )
  const called = outcomes.filter((outcome) => outcome !== undefined && outcome.failure === undefined)
  if (called.length > 0) yield* commit(member, entry, called as unknown as NonEmptyReadonlyArray<Called<any, any>>)
  const isOpen = yield* member.circuit.isOpen
  let back: string | undefined
  for (const outcome of outcomes) {
    if (outcome === undefined) back = "circuit open"
    else if (outcome.failure === undefined) continue
    else if (outcome.failure.kind === "database") back = outcome.failure.text
    else if (isOpen && speaksAgainstDependency(outcome.failure)) back = outcome.failure.text
    else yield* settleFailed(member, entry, outcome.delivery, outcome)
  }
  if (back !== undefined) return yield* new BatchRefused({ reason: back })
})

/** Records the intents; those whose intent fails are settled as failed. The others are unbegun, with their plans. */
const prepare = Effect.fnUntraced(function* <R>(member: Member, entry: Entry<R>, wave: Deliveries, unbegun: Unbegun) {
  yield* bisect(wave, {
    together: (part) =>
      Effect.suspend(() => entry.prepare(part)).pipe(
        within(budgetOf(entry, part.length, wave.length)),
        Effect.map((made) => {
          for (const [n, delivery] of part.entries()) unbegun.set(delivery, made[n])
        }),
        attempt
      ),
    atFault: Effect.fnUntraced(function* (delivery, failure) {
      yield* countAttempts(member.group, entry.topic.name, "failed", 1)
      yield* countFailure(member.circuit, delivery, failure)
      yield* settleFailed(member, entry, delivery, { failure, attempts: 1 })
    })
  })
})

const callInPlace = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  delivery: Delivery<any>,
  plan: unknown
) {
  for (let attempts = 1; ; attempts++) {
    const outcome = yield* callOnce(member, entry, { ...delivery, attempt: attempts }, plan)
    if (outcome.failure === undefined) return outcome
    yield* countAttempts(member.group, entry.topic.name, "failed", 1)
    if (!isWorthAnotherAtOnce(outcome.failure, attempts, entry.policy)) return outcome
  }
})

/** A call that takes too long speaks against the dependency as much as one that is refused. */
export const speaksAgainstDependency = ({ kind }: Failure): boolean => kind === "dependency" || kind === "unknown"

/** One call, with what the circuit makes of it. */
export const callOnce = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  delivery: Delivery<any>,
  plan: unknown
): Effect.fn.Return<CallOutcome, never, R | SqlClient.SqlClient> {
  const topic = entry.topic.name
  const successesBefore = yield* member.circuit.successes(topic)
  const exit = yield* Effect.suspend(() => entry.call!(delivery, plan)).pipe(
    within(entry.policy.inlineBudget),
    inSpanOf(delivery),
    Effect.exit
  )
  if (exit._tag === "Success") {
    yield* reach("consumer.called")
    if (entry.isSilence(exit.value)) yield* member.circuit.failed(topic, delivery.key, successesBefore)
    else yield* member.circuit.succeeded(topic)
    return { delivery, result: exit.value }
  }
  const failure = yield* judge(exit.cause)
  if (speaksAgainstDependency(failure)) yield* member.circuit.failed(topic, delivery.key, successesBefore)
  return { delivery, failure, attempts: delivery.attempt }
})
