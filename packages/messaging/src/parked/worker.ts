import { Duration, Effect, type Latch, Random, Result } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { speaksAgainstDependency } from "../consumer/calls.ts"
import { decode } from "../consumer/decode.ts"
import type { Entry } from "../consumer/entry.ts"
import type { Member } from "../consumer/member.ts"
import { countAttempts } from "../consumer/settle.ts"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import { bury } from "../policies/dead-letter.ts"
import type { Failure } from "../policies/failure.ts"
import { backoffMillis, isGivenUp } from "../policies/retry.ts"
import { failSpanOf, traced } from "../policies/tracing.ts"
import { attemptOnce } from "./attempt.ts"
import { firstOf, type HeldKey, postpone, release, settle, takeDue, type Waiting } from "./keys.ts"

/** When to look, at the latest: another member may have parked something. And at the soonest: it may have it in hand. */
const LONGEST_POLL_MILLIS = 1_000
const SHORTEST_POLL_MILLIS = 10
/** Nothing is spent while a dependency, or PostgreSQL, is down for everybody. */
const UNSPENT_MILLIS = 1_000
const text = new TextDecoder()

/** Works what is due, for ever; the bell wakes it when something was parked. */
export const workParked = <R>(member: Member, entries: ReadonlyMap<string, Entry<R>>, bell: Latch.Latch) =>
  Effect.gen(function* () {
    yield* bell.close
    const waitMillis = yield* workDue(member, entries).pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("parked events could not be worked, trying again", cause).pipe(Effect.as(Infinity))
      )
    )
    if (waitMillis === 0) return
    const poll = Math.min(LONGEST_POLL_MILLIS, Math.max(SHORTEST_POLL_MILLIS, waitMillis))
    yield* Effect.timeoutOption(bell.await, Duration.millis(poll))
  }).pipe(Effect.annotateLogs({ group: member.group }), Effect.forever)

/**
 * Works every key that is due, each in order, until it waits again or nobody is left behind it. Answers how long until
 * something is due, 0 after some work.
 */
const workDue = <R>(member: Member, entries: ReadonlyMap<string, Entry<R>>) =>
  // What is taken is given back, also when the interruption comes while it is being taken.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { due, waitMillis } = yield* Effect.withTracerEnabled(takeDue(member.group, v7()), false)
      const giveBack = Effect.forEach(due, (held) => Effect.ignore(postpone(held, 0)), { discard: true })
      const work = Effect.forEach(due, (held) => workHeld(member, entries, held), { concurrency: 8, discard: true })
      yield* Effect.onInterrupt(restore(work), () => giveBack)
      return due.length > 0 ? 0 : waitMillis
    })
  )

/** One key's trouble is not the others'. */
const workHeld = <R>(member: Member, entries: ReadonlyMap<string, Entry<R>>, held: HeldKey) => {
  const entry = entries.get(held.topic)
  if (entry === undefined) return Effect.void
  return Effect.catchCause(workKey(member, entry, held), (cause) =>
    Effect.andThen(
      Effect.logWarning("a held key could not be worked, trying again", cause),
      Effect.ignore(postpone(held, UNSPENT_MILLIS))
    )
  )
}

const workKey = Effect.fnUntraced(function* <R>(member: Member, entry: Entry<R>, held: HeldKey) {
  for (;;) {
    const waiting = yield* firstOf(held)
    if (waiting === undefined) {
      if (yield* release(held)) return
    } else if (!(yield* workFirst(member, entry, held, waiting))) return
  }
})

const recordOf = (held: HeldKey, waiting: Waiting): IncomingRecord => ({
  topic: held.topic,
  partition: waiting.partition,
  offset: waiting.broker_offset,
  key: held.key,
  value: waiting.value,
  headers: JSON.parse(text.decode(waiting.headers))
})

/** One attempt at the first in line. True when the next one may be tried at once. */
const workFirst = Effect.fnUntraced(function* <R>(member: Member, entry: Entry<R>, held: HeldKey, waiting: Waiting) {
  const record = recordOf(held, waiting)
  const attempts = waiting.attempts + 1
  const decoded = decode(entry.topic, record, attempts)
  if (Result.isFailure(decoded)) {
    yield* giveUp(entry, held, waiting, {
      record,
      attempts,
      failure: { kind: "impossible", text: decoded.failure.reason }
    })
    return true
  }
  let goesOn = true
  const handle = Effect.fnUntraced(function* ([delivery]: readonly [Delivery<any>, ...Array<Delivery<any>>]) {
    const failure = yield* attemptOnce(member, entry, delivery, { held, waiting })
    if (failure === undefined) return
    const isCounted = entry.call === undefined ? failure.kind === "dependency" : speaksAgainstDependency(failure)
    if (failure.kind === "database" || (isCounted && (yield* member.circuit.isOpen))) {
      goesOn = false
      return yield* postpone(held, Math.max(UNSPENT_MILLIS, yield* member.circuit.waitMillis))
    }
    yield* countAttempts(held.group, held.topic, "failed", 1)
    if (isGivenUp(failure, attempts, entry.policy)) {
      yield* giveUp(entry, held, waiting, { record, attempts, failure })
      return yield* failSpanOf(delivery, failure.text, "dead")
    }
    goesOn = false
    const delayMillis = backoffMillis(failure, attempts, entry.policy.backoff, yield* Random.next)
    yield* postpone(held, delayMillis, { position: waiting.position, attempts, error: failure.text })
    yield* failSpanOf(delivery, failure.text, "parked")
  })
  yield* traced(member.group, handle)([decoded.success])
  return goesOn
})

const giveUp = (
  entry: Entry<any>,
  held: HeldKey,
  waiting: Waiting,
  given: { readonly record: IncomingRecord; readonly failure: Failure; readonly attempts: number }
) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        if (!(yield* settle(held, waiting, "dead"))) return
        yield* bury(held.group, entry.topic, {
          record: given.record,
          eventId: waiting.event_id,
          kind: given.failure.kind,
          error: given.failure.text,
          attempts: given.attempts
        })
      })
    )
  )
