import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A worker that dies with a key gives it back after this. Longer than an attempt with all its budgets. */
const LEASE_MILLIS = 15_000
const MAX_KEYS = 16

/** A key that is held back, leased to one worker. */
export interface HeldKey {
  readonly group: string
  readonly topic: string
  readonly key: string
  readonly lease: string
}

/** The event that is first in a held key's line. */
export interface Waiting {
  readonly position: bigint
  readonly event_id: string
  readonly partition: number
  readonly broker_offset: string
  readonly value: Uint8Array
  readonly headers: Uint8Array
  readonly attempts: number
}

const placeOf = (held: HeldKey) => [held.group, held.topic, held.key, held.lease]

/**
 * Takes keys that are due, by a lease, so that two workers never have the same one. When there is none, `waitMillis` is
 * how long until there may be.
 */
export const takeDue = Effect.fnUntraced(function* (group: string, lease: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<{ topic: string | null; key: string; wait: number | null }>(
    `WITH due AS (
       SELECT topic, key FROM parked_keys
        WHERE consumer_group = $1 AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT ${MAX_KEYS} FOR UPDATE SKIP LOCKED),
     taken AS (
       UPDATE parked_keys k SET lease = $2::uuid, next_attempt_at = now() + ${LEASE_MILLIS} * interval '1 ms'
         FROM due WHERE k.consumer_group = $1 AND (k.topic, k.key) = (due.topic, due.key)
       RETURNING k.topic, k.key)
     SELECT topic, key, NULL::float8 AS wait FROM taken
     UNION ALL
     SELECT NULL, NULL, extract(epoch FROM min(next_attempt_at) - now())::float8 * 1000
       FROM parked_keys WHERE consumer_group = $1`,
    [group, lease]
  )
  const due = rows.flatMap(({ topic, key }): ReadonlyArray<HeldKey> =>
    topic === null ? [] : [{ group, topic, key, lease }]
  )
  return { due, waitMillis: rows.find(({ topic }) => topic === null)?.wait ?? Infinity }
})

/** Prolongs the lease and answers who is first; undefined when nobody waits, or the lease is another's by now. */
export const firstOf = Effect.fnUntraced(function* (held: HeldKey) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe<Waiting>(
    `WITH mine AS (
       UPDATE parked_keys SET next_attempt_at = now() + ${LEASE_MILLIS} * interval '1 ms'
       WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid RETURNING 1)
     SELECT position, event_id, partition, broker_offset, value, headers, attempts FROM parked_events
     WHERE (consumer_group, topic, key) = ($1, $2, $3) AND EXISTS (SELECT FROM mine) ORDER BY position LIMIT 1`,
    placeOf(held)
  )
  return rows[0]
})

/** Locks the key's row, always before anything else of the key; false when the lease is another's by now. */
const lock = Effect.fnUntraced(function* (held: HeldKey) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe(
    `SELECT FROM parked_keys WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid FOR UPDATE`,
    placeOf(held)
  )
  return rows.length > 0
})

/**
 * Lets a key go when nobody waits behind it; false when somebody has come meanwhile. The look comes after the lock, in a
 * statement of its own: one that had begun before would not see who has just come.
 */
export const release = Effect.fnUntraced(function* (held: HeldKey) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.withTransaction(
    Effect.gen(function* () {
      if (!(yield* lock(held))) return true
      const { length } = yield* sql.unsafe(
        `DELETE FROM parked_keys k WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid
           AND NOT EXISTS (SELECT FROM parked_events e
                            WHERE (e.consumer_group, e.topic, e.key) = (k.consumer_group, k.topic, k.key))
         RETURNING 1`,
        placeOf(held)
      )
      return length > 0
    })
  )
})

/** Gives the key back until its next attempt; `failed`, when given, is kept with the first in line. */
export const postpone = Effect.fnUntraced(function* (
  held: HeldKey,
  delayMillis: number,
  failed?: { readonly position: bigint; readonly attempts: number; readonly error: string }
) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(
    `WITH mine AS (
       UPDATE parked_keys SET lease = NULL, next_attempt_at = now() + $5::int * interval '1 ms'
       WHERE (consumer_group, topic, key) = ($1, $2, $3) AND lease = $4::uuid RETURNING 1)
     UPDATE parked_events SET attempts = $7::int, error = $8
     WHERE (consumer_group, topic, key, position) = ($1, $2, $3, $6::bigint) AND EXISTS (SELECT FROM mine)`,
    [...placeOf(held), delayMillis, failed?.position ?? null, failed?.attempts ?? null, failed?.error ?? null]
  )
})

/**
 * Ends the waiting of the first in line, and changes its delivery record, or makes it anew where it has been lost. False
 * when the event ended elsewhere. In the transaction of what that stands for.
 */
export const settle = Effect.fnUntraced(function* (held: HeldKey, waiting: Waiting, outcome: "done" | "dead") {
  const sql = yield* SqlClient.SqlClient
  if (!(yield* lock(held))) return false
  yield* sql.unsafe(`DELETE FROM parked_events WHERE (consumer_group, topic, key, position) = ($1, $2, $3, $4)`, [
    held.group,
    held.topic,
    held.key,
    waiting.position
  ])
  const settled = yield* sql.unsafe(
    `INSERT INTO processed_events AS record (consumer_group, event_id, outcome) VALUES ($1, $2::uuid, $3)
     ON CONFLICT (consumer_group, event_id) DO UPDATE SET outcome = excluded.outcome WHERE record.outcome = 'parked'
     RETURNING event_id`,
    [held.group, waiting.event_id, outcome]
  )
  return settled.length > 0
})
