import { Clock, Effect, Exit, Fiber, Scope } from "effect"
import type { SubscribeOptions, Subscription } from "../broker.ts"
import { makeBell } from "../delivering/bell.ts"
import { runLane } from "../delivering/lane.ts"
import {
  acknowledge,
  type Group,
  type GroupMember,
  hasFullBatch,
  lagOf,
  oldestOf,
  readAhead,
  rebalance,
  ringAll
} from "./group.ts"
import type { Log } from "./log.ts"

const CLOSE_MILLIS = 5000

/** Joins a group and works in it until the scope closes. */
export const join = Effect.fnUntraced(function* (
  log: Log,
  group: Group,
  options: SubscribeOptions,
  isAvailable: () => boolean
) {
  const scope = yield* Scope.make()
  const member: GroupMember = {
    options,
    held: new Map(),
    fill: makeBell(),
    lanes: new Map(options.topics.map((topic) => [topic.name, makeBell()])),
    kill: Scope.close(scope, Exit.void),
    paused: false,
    frozen: false,
    closing: false
  }
  const mayRead = () => isAvailable() && !member.paused && !member.frozen
  const lanes: Array<Fiber.Fiber<void>> = []
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      member.closing = true
      ringAll(member)
      yield* Effect.timeoutOption(Fiber.awaitAll(lanes), CLOSE_MILLIS)
      yield* member.kill
      group.members.splice(0, Infinity, ...group.members.filter((other) => other !== member))
      rebalance(log, group)
    })
  )
  const reading = Effect.gen(function* () {
    yield* member.fill.wait(Infinity)
    if (!hasFullBatch(log, member)) yield* Effect.sleep(options.linger)
    if (mayRead()) readAhead(log, member)
  })
  yield* Effect.forkIn(Effect.forever(reading), scope)
  for (const { name: topic } of options.topics) {
    const lane = runLane({
      subscription: options,
      topic,
      bell: member.lanes.get(topic)!,
      partitions: () => [...member.held.values()].filter((held) => held.topic === topic),
      mayTake: mayRead,
      isClosing: () => member.closing,
      onDone: (batch) => {
        for (const held of batch.from) acknowledge(log, group, member, held)
        if (batch.from.some((held) => held.revoked)) rebalance(log, group)
        member.fill.ring()
      }
    })
    lanes.push(yield* Effect.forkIn(lane, scope))
  }
  group.members.push(member)
  rebalance(log, group)
  return makeSubscription(log, group, member)
})

const makeSubscription = (log: Log, group: Group, member: GroupMember): Subscription => {
  const setPaused = (paused: boolean) =>
    Effect.sync(() => {
      member.paused = paused
      ringAll(member)
    })
  return {
    pause: setPaused(true),
    resume: setPaused(false),
    state: Effect.sync(() => (member.paused ? "paused" : "running")),
    lag: Effect.sync(() => lagOf(log, member)),
    members: Effect.sync(() => group.members.filter(({ frozen }) => !frozen).length),
    waiting: Effect.map(Clock.currentTimeMillis, (now) => now - (oldestOf(log, member) ?? now))
  }
}
