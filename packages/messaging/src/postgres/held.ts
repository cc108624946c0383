import type { OutboxRecord, Position } from "./record.ts"
import type { OwnedRow } from "./statements.ts"

/** A partition that this member holds, with what it has read ahead of the acknowledged cursor. */
export interface Held {
  readonly topic: string
  readonly partition: number
  readonly leaseEpoch: string
  /** Read and not yet handled, in order; the first `inHand` of them are with the handler. */
  readonly records: Array<OutboxRecord>
  inHand: number
  /** Read up to here, handled up to here, acknowledged up to here. */
  read: Position
  handled: Position
  acknowledged: Position
  /** The last fetch filled its limit: there is more. */
  more: boolean
  /** Others should have it: no more batches, and it is let go of when what is in hand is done. */
  revoked: boolean
  /** The lease is another's: whatever comes back for it counts for nothing. */
  lost: boolean
  /** Failed batches in a row, and when to try again. */
  failures: number
  retryAt: number
  /** When to look again without having been woken, how long that was from the last look, and whether unsettled rows were seen. */
  pollAt: number
  pollDelay: number
  hidden: boolean
}

export const heldKey = (at: { readonly topic: string; readonly partition: number }): string =>
  `${at.partition}/${at.topic}`

export const makeHeld = (row: OwnedRow): Held => {
  const position: Position = { epoch: row.epoch, xid: row.xid, id: row.id }
  return {
    topic: row.topic,
    partition: row.partition,
    leaseEpoch: row.lease_epoch,
    records: [],
    inHand: 0,
    read: position,
    handled: position,
    acknowledged: position,
    more: true,
    revoked: !row.wanted,
    lost: false,
    failures: 0,
    retryAt: 0,
    pollAt: 0,
    pollDelay: 0,
    hidden: false
  }
}
