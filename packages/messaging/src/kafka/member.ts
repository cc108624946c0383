import type { SubscribeOptions } from "../broker.ts"
import { type Held, holding } from "../delivering/batch.ts"
import { type Bell, makeBell } from "../delivering/bell.ts"
import { makeAcknowledger } from "./acknowledger.ts"

/** A partition whose fetched records wait for the handler. */
export interface HeldPartition extends Held {
  /** Tells that a batch with records of it is done, or that the member should look again. */
  changed: () => void
}

/** One member of a group: what kafkajs and the lanes share. */
export interface Member {
  readonly options: SubscribeOptions
  readonly held: Map<string, HeldPartition>
  readonly lanes: ReadonlyMap<string, Bell>
  readonly acknowledge: ReturnType<typeof makeAcknowledger>
  paused: boolean
  closing: boolean
  /** The group is about to deal out its partitions anew: no more batches until then. */
  rebalancing: boolean
  /** The partitions that it was dealt, by topic; undefined until it is in the group. */
  assigned: Readonly<Record<string, ReadonlyArray<number>>> | undefined
  /** Goes up each time this member was dealt partitions. */
  generation: number
  /** Goes up with each batch that is done. */
  progress: number
  /** The progress at which it was found standing still: until there is more. */
  stalledAt: number | undefined
}

export const makeMember = (options: SubscribeOptions): Member => ({
  options,
  held: new Map(),
  lanes: new Map(options.topics.map((topic) => [topic.name, makeBell()])),
  acknowledge: makeAcknowledger(),
  paused: false,
  closing: false,
  rebalancing: false,
  assigned: undefined,
  generation: 0,
  progress: 0,
  stalledAt: undefined
})

/** Whatever waits looks again. */
export const ringAll = (member: Member): void => {
  for (const bell of member.lanes.values()) bell.ring()
  for (const held of member.held.values()) held.changed()
}

export const heldAt = (member: Member, topic: string, partition: number): HeldPartition => {
  const place = `${partition}/${topic}`
  let held = member.held.get(place)
  if (held === undefined) member.held.set(place, (held = { ...holding(topic, partition), changed: () => {} }))
  return held
}
