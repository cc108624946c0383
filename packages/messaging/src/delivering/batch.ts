import type { IncomingRecord } from "../delivery.ts"

/** A partition that a member holds: what it has read and not yet handled. */
export interface Held<R extends IncomingRecord = IncomingRecord> {
  readonly topic: string
  readonly partition: number
  /** In order; the first `inHand` of them are with the handler. */
  readonly records: Array<R>
  inHand: number
  /** The last record that was handled; undefined when there was none since the partition was taken over. */
  handled: R | undefined
  /** Others should have it: no more batches. */
  revoked: boolean
  /** Failed batches in a row, and when to try again (milliseconds of the member's clock). */
  failures: number
  retryAt: number
}

export const holding = <R extends IncomingRecord>(topic: string, partition: number): Held<R> => ({
  topic,
  partition,
  records: [],
  inHand: 0,
  handled: undefined,
  revoked: false,
  failures: 0,
  retryAt: 0
})

/** Records of one topic on their way through the handler, and the partitions of which they are the records in hand. */
export interface Batch<H extends Held = Held> {
  readonly records: Array<IncomingRecord>
  readonly from: ReadonlyArray<H>
}

const isReady = (held: Held, now: number): boolean =>
  held.records.length > 0 && held.inHand === 0 && !held.revoked && held.retryAt <= now

/**
 * Takes the next batch out of a topic's partitions, or nothing. A partition that failed before goes alone, so that it
 * holds up nobody else. `turn` rotates which partition comes first.
 */
export const takeBatch = <H extends Held>(
  partitions: ReadonlyArray<H>,
  options: { readonly maxBatch: number; readonly now: number; readonly turn: number }
): Batch<H> | undefined => {
  const { maxBatch, now, turn } = options
  const ready = partitions.filter((held) => isReady(held, now))
  if (ready.length === 0) return undefined
  const start = turn % ready.length
  const inTurn = [...ready.slice(start), ...ready.slice(0, start)]
  const together = inTurn[0]!.failures > 0 ? [inTurn[0]!] : inTurn.filter((held) => held.failures === 0)
  const records: Array<IncomingRecord> = []
  const from: Array<H> = []
  for (const held of together) {
    const count = Math.min(held.records.length, maxBatch - records.length)
    if (count === 0) break
    for (let i = 0; i < count; i++) records.push(held.records[i]!)
    held.inHand = count
    from.push(held)
  }
  return { records, from }
}

/** The batch is done: its records may be acknowledged. */
export const settle = (batch: Batch): void => {
  for (const held of batch.from) {
    held.handled = held.records[held.inHand - 1]
    held.records.splice(0, held.inHand)
    held.inHand = 0
    held.failures = 0
  }
}

const FIRST_BACKOFF_MILLIS = 100
const LONGEST_BACKOFF_MILLIS = 5000

/** The batch failed: its records stay first in line, and wait. `random` is in [0, 1). */
export const putBack = (batch: Batch, now: number, random: number): void => {
  for (const held of batch.from) {
    held.inHand = 0
    const backoff = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** held.failures)
    held.failures += 1
    held.retryAt = now + backoff * (0.5 + random / 2)
  }
}
