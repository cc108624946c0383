import { Effect } from "effect"
import { reach } from "../crash-points.ts"
import { cursorKey, handledUpTo, type HeldCursor } from "./held.ts"
import type { Member } from "./member.ts"
import { ACKNOWLEDGE } from "./statements.ts"

const mayGo = (held: HeldCursor): boolean => held.revoked && held.inHand === 0
const isDue = (held: HeldCursor): boolean => handledUpTo(held) !== held.acknowledged || mayGo(held)

/** Acknowledges everything handled so far, whatever its topic, in one statement, and lets go of what is revoked. */
export const acknowledge = (member: Member) =>
  member.ownership.withPermit(
    Effect.gen(function* () {
      const due = [...member.held.values()].filter(isDue)
      if (due.length === 0) return
      const positions = due.map(handledUpTo)
      const releases = due.map(mayGo)
      const rows = yield* member.sql.unsafe<{ topic: string; partition: number }>(ACKNOWLEDGE, [
        member.options.group,
        member.id,
        due.map((held) => held.topic),
        due.map((held) => held.partition),
        due.map((held) => held.leaseEpoch),
        positions.map((position) => position.epoch),
        positions.map((position) => position.xid),
        positions.map((position) => position.id),
        releases
      ])
      yield* reach("consumer.acknowledged")
      const own = new Set(rows.map(cursorKey))
      due.forEach((held, i) => {
        const key = cursorKey(held)
        if (!own.has(key) || releases[i]!) member.held.delete(key)
        else held.acknowledged = positions[i]!
      })
      if (releases.includes(true)) yield* member.tellOthers
      if (own.size < due.length) member.bells.beat.ring()
    })
  )
