import { Duration, Effect } from "effect"
import type { HeldCursor } from "./held.ts"
import { hasLease, type Member } from "./member.ts"
import { OutboxRecord } from "./record.ts"
import { FETCH, type FetchedRow } from "./statements.ts"

const SHORTEST_POLL_MILLIS = 250
const LONGEST_POLL_MILLIS = 1_000
/** Rows that were seen but not settled are looked for again this soon, then twice as long each time. */
const FIRST_HIDDEN_MILLIS = 5
/** Polls that are nearly due go along with what is due; a topic that gathers is left to gather. */
const POLL_SLACK_MILLIS = 100

/**
 * The partitions that there is room to read ahead for. While a batch of a topic is being handled only its backlog is
 * read: what comes meanwhile makes the next batch, and a larger one.
 */
const withRoom = (member: Member): ReadonlyArray<HeldCursor> => {
  if (member.paused || !hasLease(member)) return []
  const all = [...member.held.values()]
  const busy = new Set(all.filter((held) => held.inHand > 0).map((held) => held.topic))
  return all.filter((held) => {
    if (held.revoked || held.records.length - held.inHand >= member.options.maxBatch / 2) return false
    return held.more || (held.records.length === 0 && !busy.has(held.topic))
  })
}

/** When the partition is to be read: at once in a backlog, a linger after a wake-up, or at its next poll. */
const dueAt = (held: HeldCursor, linger: number): number => {
  if (held.more) return 0
  return held.wokenAt === undefined ? held.pollAt : Math.min(held.pollAt, held.wokenAt) + linger
}

/** Waits until something is due and reads all of it in one round trip. */
export const fetch = (member: Member) => {
  const { linger, maxBatch } = member.options
  const lingerMillis = Duration.toMillis(linger)
  return Effect.gen(function* () {
    const roomy = withRoom(member)
    let next = Infinity
    for (const held of roomy) next = Math.min(next, dueAt(held, lingerMillis))
    const now = member.now()
    if (next > now) return yield* member.bells.fetch.wait(next - now)
    const due = roomy.filter((held) => {
      const slack = held.wokenAt === undefined ? POLL_SLACK_MILLIS : lingerMillis / 4
      return dueAt(held, lingerMillis) <= now + slack
    })
    for (const held of due) held.wokenAt = undefined
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
