import { Effect } from "effect"
import { type Held, heldKey } from "./held.ts"
import { lose, type Member } from "./member.ts"
import { ACKNOWLEDGE } from "./statements.ts"

const isDue = (held: Held): boolean => held.handled !== held.acknowledged || (held.revoked && held.inHand === 0)

/** Acknowledges everything handled so far, whatever its topic, in one statement, and lets go of what is revoked. */
export const acknowledge = (member: Member) =>
  member.ownership.withPermit(
    Effect.gen(function* () {
      const due = [...member.held.values()].filter(isDue)
      if (due.length === 0) return
      const positions = due.map((held) => held.handled)
      const releases = due.map((held) => held.revoked && held.inHand === 0)
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
      const own = new Set(rows.map(heldKey))
      due.forEach((held, i) => {
        const key = heldKey(held)
        if (!own.has(key) || releases[i]!) lose(member, key, held)
        else held.acknowledged = positions[i]!
      })
      if (own.size < due.length) member.bells.beat.ring()
    })
  )
