import { Clock, Context, Effect, Layer } from "effect"
import { Broker } from "../broker.ts"
import type { IncomingRecord } from "../delivery.ts"
import { PublishFailed } from "../errors.ts"
import type { Message } from "../message.ts"
import { type Group, type GroupMember, rebalance, ringAll } from "./group.ts"
import { appendTo, makeLog, wipeLog } from "./log.ts"
import { join } from "./member.ts"

/** What a test may do to the broker in memory. A group's members are counted from 0 in the order they joined. */
export class MemoryBroker extends Context.Service<
  MemoryBroker,
  {
    /** Everything that was published, in order for each partition. */
    readonly records: (topic: string) => ReadonlyArray<IncomingRecord>
    /** Appends a record as it is, such as another program might: without a key, say. */
    readonly inject: (record: Omit<IncomingRecord, "offset">) => Effect.Effect<void>
    /** The member is gone in the middle of its work, as after `kill -9`, and its lease has run out. */
    readonly crash: (group: string, member: number) => Effect.Effect<void>
    /** The member stands still until its lease has run out: others have its partitions now, and it does not know. */
    readonly freeze: (group: string, member: number) => Effect.Effect<void>
    readonly thaw: (group: string, member: number) => Effect.Effect<void>
    /** All data are lost: the cluster id changes, and offsets begin at 0 again. */
    readonly wipe: Effect.Effect<void>
    /** A batch with such a message is refused for good, as a whole. */
    readonly refuse: (isRefused: (message: Message) => boolean) => Effect.Effect<void>
    /** The next batch, or the one after those that were cut off before, is taken up to so many messages, and then fails. */
    readonly cutOff: (taken: number) => Effect.Effect<void>
    /** While it is not available nothing is published or delivered. */
    readonly setAvailable: (available: boolean) => Effect.Effect<void>
  }
>()("@flowforge/messaging/MemoryBroker") {}

const make = Effect.sync(() => {
  const log = makeLog()
  const groups = new Map<string, Group>()
  const state: { available: boolean; isRefused: (message: Message) => boolean; readonly cuts: Array<number> } = {
    available: true,
    isRefused: () => false,
    cuts: []
  }

  const everybody = (act: (member: GroupMember, group: Group) => void) => {
    for (const group of groups.values()) for (const member of group.members) act(member, group)
  }
  const unavailable = new PublishFailed({ reason: "the broker is not available", refused: false })
  const ensureAvailable = Effect.suspend(() => (state.available ? Effect.void : Effect.fail(unavailable)))
  const publish = (messages: ReadonlyArray<Message>) =>
    Effect.andThen(
      ensureAvailable,
      Effect.flatMap(Clock.currentTimeMillis, (appendedAt) => {
        if (messages.some(state.isRefused)) {
          return Effect.fail(new PublishFailed({ reason: "a message is refused", refused: true }))
        }
        const cut = state.cuts.shift()
        for (const { topic, partition, key, value, headers } of messages.slice(0, cut)) {
          appendTo(log, { topic, partition, key, value, headers, appendedAt })
        }
        everybody((member) => member.fill.ring())
        return cut === undefined ? Effect.void : Effect.fail(unavailable)
      })
    )
  const withMember = (
    group: string,
    index: number,
    act: (member: GroupMember, group: Group) => Effect.Effect<void> | void
  ) =>
    Effect.suspend(() => {
      const found = groups.get(group)
      const member = found?.members[index]
      if (found === undefined || member === undefined) throw new Error(`${group} has no member ${index}`)
      const effect = act(member, found)
      rebalance(log, found)
      return effect ?? Effect.void
    })

  const broker = Broker.of({
    publish,
    subscribe: (options) => {
      let group = groups.get(options.group)
      if (group === undefined) groups.set(options.group, (group = { name: options.group, members: [] }))
      return join(log, group, options, () => state.available)
    },
    clusterId: Effect.andThen(
      ensureAvailable,
      Effect.sync(() => `memory-${log.clusterId}`)
    )
  })

  const memory = MemoryBroker.of({
    records: (topic) =>
      [...log.partitions.values()].filter((records) => records[0]?.topic === topic).flatMap((records) => records),
    inject: (record) =>
      Effect.map(Clock.currentTimeMillis, (appendedAt) => {
        appendTo(log, { ...record, appendedAt })
        everybody((member) => member.fill.ring())
      }),
    crash: (group, member) =>
      withMember(group, member, (crashed, { members }) => {
        crashed.held.clear()
        members.splice(members.indexOf(crashed), 1)
        return crashed.kill
      }),
    freeze: (group, member) =>
      withMember(group, member, (frozen) => {
        frozen.held.clear()
        frozen.frozen = true
      }),
    thaw: (group, member) => withMember(group, member, (thawed) => void (thawed.frozen = false)),
    wipe: Effect.sync(() => {
      wipeLog(log)
      everybody((member) => member.held.clear())
      for (const group of groups.values()) rebalance(log, group)
    }),
    cutOff: (taken) => Effect.sync(() => void state.cuts.push(taken)),
    refuse: (isRefused) => Effect.sync(() => void (state.isRefused = isRefused)),
    setAvailable: (available) =>
      Effect.sync(() => {
        state.available = available
        everybody(ringAll)
      })
  })
  return Context.make(Broker, broker).pipe(Context.add(MemoryBroker, memory))
})

/** A broker within the process, for tests: everything is gone with its Layer. It keeps to Effect's clock. */
export const layer: Layer.Layer<Broker | MemoryBroker> = Layer.effectContext(make)
