import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Message } from "../message.ts"
import { decodeHeaders } from "../outbox-headers.ts"

/** A place in the order of the outbox. `xid` and `id` are decimal text: they exceed what a number holds. */
export interface Position {
  readonly epoch: number
  readonly xid: string
  readonly id: string
}

export const BEGINNING: Position = { epoch: 0, xid: "0", id: "0" }

/** A message with its place. */
export interface OutboxRow {
  readonly position: Position
  readonly message: Message
}

export interface RawRow {
  readonly epoch: number
  readonly xid: string
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly event_id: string
  readonly value: Uint8Array
  readonly headers: Uint8Array
}

export const COLUMNS = "epoch, xid::text AS xid, id::text AS id, topic, partition, key, event_id, value, headers"

/** A row of this source. */
export const toRow = (source: string, raw: RawRow): OutboxRow => ({
  position: { epoch: raw.epoch, xid: raw.xid, id: raw.id },
  message: {
    topic: raw.topic,
    partition: raw.partition,
    key: raw.key,
    eventId: raw.event_id,
    value: raw.value,
    headers: decodeHeaders({ source, ...raw }, raw.headers)
  }
})

/** What a look at the outbox found. */
export interface Ahead {
  readonly rows: ReadonlyArray<OutboxRow>
  /** Whether committed rows come after them that may not be taken yet. Nobody tells when they may. */
  readonly hides: boolean
}

/**
 * The next rows of the source `$1`, in order, after the place that the parameters from `$first` on say, and so many of
 * them; without contents where they are not settled.
 */
export const selectAfter = (first: number): string => `
  SELECT settled, epoch, xid::text AS xid, id::text AS id, topic, partition, key, event_id,
         CASE WHEN settled THEN value END AS value, CASE WHEN settled THEN headers END AS headers
    FROM outbox_after($1, $${first}::int, $${first + 1}::xid8, $${first + 2}::bigint, $${first + 3}::int)`

export interface ReadRow extends RawRow {
  /** Below the oldest transaction that still runs: one that commits late can never turn up behind it. */
  readonly settled: boolean
}

/** Only settled rows are taken, or a cursor would pass others that nobody sees yet. */
export const aheadOf = (source: string, read: ReadonlyArray<ReadRow>): Ahead => {
  const settled = read.filter((row) => row.settled)
  return { rows: settled.map((row) => toRow(source, row)), hides: settled.length < read.length }
}

export const readAfter = Effect.fnUntraced(function* (source: string, after: Position, limit: number) {
  const sql = yield* SqlClient.SqlClient
  return aheadOf(source, yield* sql.unsafe<ReadRow>(selectAfter(2), [source, after.epoch, after.xid, after.id, limit]))
})
