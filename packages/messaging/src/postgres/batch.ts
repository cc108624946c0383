import type { Held } from "./held.ts"
import type { OutboxRecord } from "./record.ts"

/** Records of one topic on their way through the handler, and the partitions they are the first `inHand` records of. */
export interface Batch {
  readonly records: Array<OutboxRecord>
  readonly from: ReadonlyArray<Held>
}

const isReady = (held: Held, now: number): boolean =>
  held.records.length > 0 && held.inHand === 0 && !held.revoked && held.retryAt <= now

/**
 * Takes the next batch out of a topic's partitions, or nothing. A partition that failed before goes alone, so that it
 * holds up nobody else. `turn` rotates which partition comes first.
 */
export const takeBatch = (
  partitions: ReadonlyArray<Held>,
  options: { readonly maxBatch: number; readonly now: number; readonly turn: number }
): Batch | undefined => {
  const { maxBatch, now, turn } = options
  const ready = partitions.filter((held) => isReady(held, now))
  if (ready.length === 0) return undefined
  const first = ready[turn % ready.length]!
  const together =
    first.failures > 0 ? [first] : [first, ...ready.filter((held) => held !== first && held.failures === 0)]
  const records: Array<OutboxRecord> = []
  const from: Array<Held> = []
  for (const held of together) {
    const count = Math.min(held.records.length, maxBatch - records.length)
    if (count === 0) break
    for (let i = 0; i < count; i++) records.push(held.records[i]!)
    held.inHand = count
    from.push(held)
  }
  return { records, from }
}

/** The batch is done: its records are forgotten, and the cursors may be acknowledged up to them. */
export const settle = (batch: Batch): void => {
  for (const held of batch.from) {
    held.handled = held.records[held.inHand - 1]!.position
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
