import { Effect, Random, Result } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { decode } from "../consumer/decode.ts"
import type { Entry } from "../consumer/entry.ts"
import type { Member } from "../consumer/member.ts"
import { callOnce } from "../consumer/calls.ts"
import { failureOrInterrupt } from "../consumer/transaction.ts"
import { bury } from "../dead-letters/bury.ts"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import { backoffMillis } from "../policies/backoff.ts"
import type { Failure } from "../policies/failure.ts"
import { within } from "../policies/timeout.ts"
import { releaseEmptyKey } from "./park.ts"

/** A worker that dies with a key gives it back after this. Longer than any budget. */
const LEASE_MILLIS = 30_000
const MAX_KEYS = 16
const text = new TextDecoder()

interface DueKey {
  readonly topic: string
  readonly key: string
}

interface Waiting {
  readonly position: bigint
  readonly event_id: string
  readonly partition: number
  readonly broker_offset: string
  readonly value: Uint8Array
  readonly headers: Uint8Array
  readonly attempts: number
}

/** Takes keys that are due, by a lease, so that two workers never have the same one. */
const takeDue = (group: string, lease: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<DueKey>(
      `UPDATE parked_keys k SET lease = $2::uuid, next_attempt_at = now() + ${LEASE_MILLIS} * interval '1 ms'
       FROM (SELECT consumer_group, topic, key FROM parked_keys
             WHERE consumer_group = $1 AND next_attempt_at <= now()
             ORDER BY next_attempt_at LIMIT ${MAX_KEYS} FOR UPDATE SKIP LOCKED) due
       WHERE (k.consumer_group, k.topic, k.key) = (due.consumer_group, due.topic, due.key)
       RETURNING k.topic, k.key`,
      [group, lease]
    )
  )

/** Works every key that is due, each in order, until it waits again or nothing is left behind it. Answers how many. */
export const workDue = Effect.fnUntraced(function* <R>(member: Member, entries: ReadonlyMap<string, Entry<R>>) {
  const lease = v7()
  const due = yield* takeDue(member.group, lease)
  yield* Effect.forEach(
    due,
    (key) => {
      const entry = entries.get(key.topic)
      return entry === undefined ? Effect.void : Effect.asVoid(workKey(member, entry, key, lease))
    },
    { concurrency: 8, discard: true }
  )
  return due.length
})

const workKey = Effect.fnUntraced(function* <R>(member: Member, entry: Entry<R>, due: DueKey, lease: string) {
  for (;;) {
    const sql = yield* SqlClient.SqlClient
    const [waiting] = yield* sql.unsafe<Waiting>(
      `SELECT position, event_id, partition, broker_offset, value, headers, attempts FROM parked_events
       WHERE (consumer_group, topic, key) = ($1, $2, $3) ORDER BY position LIMIT 1`,
      [member.group, due.topic, due.key]
    )
    if (waiting === undefined) return void (yield* releaseEmptyKey(member.group, due.topic, due.key))
    const again = yield* workFirst(member, entry, due, waiting, lease)
    if (!again) return
  }
})

const recordOf = (due: DueKey, waiting: Waiting): IncomingRecord => ({
  topic: due.topic,
  partition: waiting.partition,
  offset: waiting.broker_offset,
  key: due.key,
  value: waiting.value,
  headers: JSON.parse(text.decode(waiting.headers))
})

/** One attempt at the first that waits. True when the next one may be tried at once. */
const workFirst = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  due: DueKey,
  waiting: Waiting,
  lease: string
) {
  const record = recordOf(due, waiting)
  const attempts = waiting.attempts + 1
  const decoded = decode(entry.topic, record, attempts)
  if (Result.isFailure(decoded)) {
    const failure: Failure = { kind: "impossible", text: decoded.failure.reason }
    yield* giveUp(member, entry, due, { waiting, record, lease, failure, attempts })
    return true
  }
  const failure = yield* tryOnce(member, entry, due, decoded.success, { waiting, lease })
  if (failure === undefined) return true
  if (failure.kind === "database" || (failure.kind === "dependency" && (yield* member.circuit.isOpen))) {
    // Nothing is spent while a dependency is down for everybody.
    yield* postpone(member, due, { lease, delayMillis: Math.max(1_000, yield* member.circuit.waitMillis) })
    return false
  }
  if (failure.kind === "impossible" || attempts >= entry.policy.maxAttempts) {
    yield* giveUp(member, entry, due, { waiting, record, lease, failure, attempts })
    return true
  }
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(
    `UPDATE parked_events SET attempts = $5, error = $6
     WHERE (consumer_group, topic, key, position) = ($1, $2, $3, $4)`,
    [member.group, due.topic, due.key, waiting.position, attempts, failure.text]
  )
  const delayMillis = backoffMillis(attempts, entry.policy.backoff, yield* Random.next)
  yield* postpone(member, due, { lease, delayMillis })
  return false
})

const postpone = (member: Member, due: DueKey, until: { readonly lease: string; readonly delayMillis: number }) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(
      `UPDATE parked_keys SET lease = NULL, next_attempt_at = now() + $5::int * interval '1 ms'
       WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid`,
      [member.group, due.topic, due.key, until.lease, until.delayMillis]
    )
  )

/** The handler, once; success commits together with the change of the delivery record from parked to done. */
const tryOnce = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  due: DueKey,
  delivery: Delivery<any>,
  at: { readonly waiting: Waiting; readonly lease: string }
) {
  const sql = yield* SqlClient.SqlClient
  let result: unknown
  if (entry.call !== undefined) {
    if ((yield* member.circuit.waitMillis) > 0) return { kind: "dependency", text: "circuit open" } satisfies Failure
    const plan = yield* Effect.exit(sql.withTransaction(Effect.suspend(() => entry.prepare([delivery]))))
    if (plan._tag === "Failure") return yield* failureOrInterrupt(plan.cause)
    const outcome = yield* callOnce(member, entry, delivery, plan.value[0])
    if (outcome.failure !== undefined) return outcome.failure
    result = outcome.result
  }
  const exit = yield* sql
    .withTransaction(
      Effect.gen(function* () {
        if (!(yield* endWaiting(member.group, due, at, "done"))) return
        yield* Effect.suspend(() => entry.record([{ delivery, result }]))
      })
    )
    .pipe(within(entry.policy.inlineBudget), Effect.exit)
  return exit._tag === "Success" ? undefined : yield* failureOrInterrupt(exit.cause)
})

const giveUp = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  due: DueKey,
  given: {
    readonly waiting: Waiting
    readonly record: IncomingRecord
    readonly lease: string
    readonly failure: Failure
    readonly attempts: number
  }
) {
  const { waiting, record, failure, attempts } = given
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.gen(function* () {
      if (!(yield* endWaiting(member.group, due, given, "dead"))) return
      yield* bury(member.group, entry.topic, {
        record,
        eventId: waiting.event_id,
        kind: failure.kind,
        error: failure.text,
        attempts
      })
    })
  )
})

/** Settles the first that waits, when the lease is still ours: the key's row is locked first, always. */
const endWaiting = Effect.fnUntraced(function* (
  group: string,
  due: DueKey,
  at: { readonly waiting: Waiting; readonly lease: string },
  outcome: "done" | "dead"
) {
  const sql = yield* SqlClient.SqlClient
  const mine = yield* sql.unsafe(
    `SELECT FROM parked_keys WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid FOR UPDATE`,
    [group, due.topic, due.key, at.lease]
  )
  if (mine.length === 0) return false
  yield* sql.unsafe(`DELETE FROM parked_events WHERE (consumer_group, topic, key, position) = ($1, $2, $3, $4)`, [
    group,
    due.topic,
    due.key,
    at.waiting.position
  ])
  const settled = yield* sql.unsafe(
    `UPDATE processed_events SET outcome = $3 WHERE consumer_group = $1 AND event_id = $2::uuid AND outcome = 'parked'
     RETURNING event_id`,
    [group, at.waiting.event_id, outcome]
  )
  return settled.length > 0
})
