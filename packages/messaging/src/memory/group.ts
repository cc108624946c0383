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

/** Where a group goes on, in every partition that the member reads. */
const placesOf = (log: Log, { options }: GroupMember) =>
  options.topics.flatMap(({ name: topic, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const place = placeOf({ topic, partition })
      return { topic, records: recordsAt(log, place), next: acknowledgedBy(log, options.group).get(place) ?? 0 }
    })
  )

/** Records of each topic that the group has not acknowledged. */
export const lagOf = (log: Log, member: GroupMember): ReadonlyMap<string, number> => {
  const lags = new Map<string, number>()
  for (const { next, records, topic } of placesOf(log, member)) {
    lags.set(topic, (lags.get(topic) ?? 0) + records.length - next)
  }
  return lags
}

/** When the oldest record came that the group has not acknowledged. */
export const oldestOf = (log: Log, member: GroupMember): number | undefined =>
  placesOf(log, member)
    .map(({ next, records }) => records[next]?.appendedAt)
    .reduce((one, other) => (one === undefined ? other : Math.min(one, other ?? one)), undefined)
