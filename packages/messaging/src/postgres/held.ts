import { type Held, holding } from "../delivering/batch.ts"
import type { OutboxRecord, Position } from "./record.ts"
import type { OwnedRow } from "./statements.ts"

/** A partition that this member holds, with what it has read ahead of the acknowledged cursor. */
export interface HeldCursor extends Held<OutboxRecord> {
  readonly leaseEpoch: string
  /** Read up to here, and acknowledged up to here. */
  read: Position
  acknowledged: Position
  /** The last fetch filled its limit: there is more. */
  more: boolean
  /** When it was said that something new is there for it; undefined when nothing was since the last look. */
  wokenAt: number | undefined
  /** When to look again without having been woken, how long that is after the last look, and whether it saw unsettled rows. */
  pollAt: number
  pollDelay: number
  hidden: boolean
}

export const cursorKey = (at: { readonly topic: string; readonly partition: number }): string =>
  `${at.partition}/${at.topic}`

export const holdCursor = (row: OwnedRow): HeldCursor => {
  const position: Position = { epoch: row.epoch, xid: row.xid, id: row.id }
  return {
    ...holding<OutboxRecord>(row.topic, row.partition),
    revoked: !row.wanted,
    leaseEpoch: row.lease_epoch,
    read: position,
    acknowledged: position,
    more: true,
    wokenAt: undefined,
    pollAt: 0,
    pollDelay: 0,
    hidden: false
  }
}

/** Handled up to here. */
export const handledUpTo = (held: HeldCursor): Position => held.handled?.position ?? held.acknowledged
