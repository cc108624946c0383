import { Duration, Effect } from "effect"
import type { HeldCursor } from "./held.ts"
import { hasLease, type Member } from "./member.ts"
import { OutboxRecord } from "./record.ts"
import { FETCH, type FetchedRow } from "./statements.ts"

const SHORTEST_POLL_MILLIS = 250
const LONGEST_POLL_MILLIS = 500
/** Rows that were seen but not settled are looked for again this soon, then twice as long each time. */
const FIRST_HIDDEN_MILLIS = 5
/** Polls that are nearly due go along with one that is. */
const POLL_SLACK_MILLIS = 100

/** Whether there is room to read ahead. While a batch of the topic is being handled, only a backlog is read. */
const hasRoom = (held: HeldCursor, maxBatch: number): boolean =>
  !held.revoked && held.records.length - held.inHand < maxBatch / 2 && (held.more || held.records.length === 0)

/** When the partition is to be read: at once in a backlog, a linger after a wake-up, or at its next poll. */
const dueAt = (member: Member, held: HeldCursor, linger: number): number => {
  if (held.more) return 0
  const woken = member.woken.get(held.topic)
  return woken === undefined ? held.pollAt : Math.min(held.pollAt + linger, woken + linger)
}

/** Waits until something is due and reads all of it in one round trip. */
export const fetch = (member: Member) => {
  const { linger, maxBatch } = member.options
  const lingerMillis = Duration.toMillis(linger)
  return Effect.gen(function* () {
    let next = Infinity
    if (!member.paused && hasLease(member)) {
      for (const held of member.held.values()) {
        if (hasRoom(held, maxBatch)) next = Math.min(next, dueAt(member, held, lingerMillis))
      }
    }
    const now = member.now()
    if (next > now) return yield* member.bells.fetch.wait(next - now)
    const due = [...member.held.values()].filter(
      (held) => hasRoom(held, maxBatch) && dueAt(member, held, lingerMillis) <= now + POLL_SLACK_MILLIS
    )
    for (const held of due) member.woken.delete(held.topic)
    const rows = yield* member.sql.unsafe<FetchedRow>(FETCH, [
      due.map((held) => held.topic),
      due.map((held) => held.partition),
      due.map((held) => held.read.epoch),
      due.map((held) => held.read.xid),
      due.map((held) => held.read.id),
      maxBatch
    ])
    take(member, due, rows)
  })
}

/** Puts what was read into the partitions' hands, and decides when to look again. */
const take = (member: Member, due: ReadonlyArray<HeldCursor>, rows: ReadonlyArray<FetchedRow>): void => {
  const settled = due.map(() => 0)
  const hidden = due.map(() => false)
  for (const row of rows) {
    const i = row.n - 1
    const held = due[i]!
    // Nothing may be taken past a row that is not settled.
    if (hidden[i]! || !row.settled) {
      hidden[i] = true
      continue
    }
    held.records.push(new OutboxRecord(held.topic, held.partition, row))
    held.read = row
    settled[i]! += 1
  }
  const now = member.now()
  due.forEach((held, i) => {
    held.more = settled[i] === member.options.maxBatch
    held.pollDelay = nextPollDelay(held, settled[i]! > 0, hidden[i]!)
    held.hidden = hidden[i]!
    held.pollAt = now + held.pollDelay
    if (settled[i]! > 0) member.bells.lanes.get(held.topic)?.ring()
  })
}

const nextPollDelay = (held: HeldCursor, moved: boolean, hidden: boolean): number => {
  if (hidden) return held.hidden && !moved ? Math.min(SHORTEST_POLL_MILLIS, held.pollDelay * 2) : FIRST_HIDDEN_MILLIS
  return moved || held.hidden
    ? SHORTEST_POLL_MILLIS
    : Math.min(LONGEST_POLL_MILLIS, Math.max(SHORTEST_POLL_MILLIS, held.pollDelay * 1.5))
}
