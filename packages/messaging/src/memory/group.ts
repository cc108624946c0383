import type { Effect } from "effect"
import type { SubscribeOptions } from "../broker.ts"
import { type Held, holding } from "../delivering/batch.ts"
import type { Bell } from "../delivering/bell.ts"
import { acknowledgedBy, type Log, placeOf, recordsAt } from "./log.ts"

/** A partition held by a member, which has read up to (not including) the offset `read`. */
export interface HeldLog extends Held {
  read: number
}

export interface GroupMember {
  readonly options: SubscribeOptions
  readonly held: Map<string, HeldLog>
  readonly fill: Bell
  readonly lanes: ReadonlyMap<string, Bell>
  /** Ends its fibers at once. */
  readonly kill: Effect.Effect<void>
  paused: boolean
  frozen: boolean
  closing: boolean
}

/** The members of a group in the order they joined. */
export interface Group {
  readonly name: string
  readonly members: Array<GroupMember>
}

export const ringAll = (member: GroupMember): void => {
  member.fill.ring()
  for (const bell of member.lanes.values()) bell.ring()
}

/**
 * Deals the partitions out to the members in turn. One that is with another member stays there until its batch is done;
 * what nobody holds is taken up from the acknowledged offset.
 */
export const rebalance = (log: Log, group: Group): void => {
  const members = group.members.filter((member) => !member.frozen && !member.closing)
  const places = (group.members[0]?.options.topics ?? []).flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition }))
  )
  places.forEach((at, i) => {
    const place = placeOf(at)
    const next = members.length === 0 ? undefined : members[i % members.length]!
    const owner = group.members.find((member) => member.held.has(place))
    if (owner !== undefined) {
      const held = owner.held.get(place)!
      held.revoked = owner !== next
      if (!held.revoked || held.inHand > 0) return
      owner.held.delete(place)
    }
    const read = acknowledgedBy(log, group.name).get(place) ?? 0
    next?.held.set(place, { ...holding(at.topic, at.partition), read })
  })
  for (const member of members) ringAll(member)
}

/** Acknowledges what is handled; a partition that the member has lost meanwhile is none of its business. */
export const acknowledge = (log: Log, group: Group, member: GroupMember, held: HeldLog): void => {
  const place = placeOf(held)
  if (member.held.get(place) !== held || held.handled === undefined) return
  acknowledgedBy(log, group.name).set(place, Number(held.handled.offset) + 1)
}

/** Reads ahead, a batch for each partition at most. */
export const readAhead = (log: Log, member: GroupMember): void => {
  for (const [place, held] of member.held) {
    const records = recordsAt(log, place)
    const until = Math.min(records.length, held.read + member.options.maxBatch - held.records.length)
    while (held.read < until) held.records.push(records[held.read++]!)
    member.lanes.get(held.topic)?.ring()
  }
}

/** Whether some partition has a whole batch to read: then there is nothing to gather. */
export const hasFullBatch = (log: Log, member: GroupMember): boolean =>
  [...member.held].some(([place, held]) => recordsAt(log, place).length - held.read >= member.options.maxBatch)

/** Records of each topic that the group has not acknowledged. */
export const lagOf = (log: Log, member: GroupMember): ReadonlyMap<string, number> => {
  const offsets = acknowledgedBy(log, member.options.group)
  return new Map(
    member.options.topics.map((topic) => {
      let lag = 0
      for (let partition = 0; partition < topic.partitions; partition++) {
        const place = placeOf({ topic: topic.name, partition })
        lag += recordsAt(log, place).length - (offsets.get(place) ?? 0)
      }
      return [topic.name, lag]
    })
  )
}
