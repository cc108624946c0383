import { Effect, Exit, Fiber, PubSub, Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import type { SubscribeOptions, Subscription } from "../broker.ts"
import { reach } from "../crash-points.ts"
import { runLane } from "../delivering/lane.ts"
import { lastKnown } from "../last-known.ts"
import { Wakeups } from "../wakeups.ts"
import { acknowledge } from "./acknowledger.ts"
import { fetch } from "./fetcher.ts"
import { forever, hasLease, makeMember, type Member, type Settings } from "./member.ts"
import { beat, leave, prepare } from "./membership.ts"
import { LAG, MEMBERS, WAITING } from "./statements.ts"

/** The cursor is a bookmark: what a crash makes come again, the delivery record knows. */
const ACKNOWLEDGE_EVERY_MILLIS = 100
const LAG_COUNTED_TO = 10_000

/** Within the process, members of a group tell each other of joins and leaves; elsewhere the heartbeat finds them. */
const membershipTopic = (group: string): string => `members of ${group}`

/** Joins a group and works in it until the scope closes. */
export const join = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  wakeups: Wakeups["Service"],
  options: SubscribeOptions,
  settings: Settings
) {
  const tellOthers = wakeups.notify(new Set([membershipTopic(options.group)]))
  const member = yield* makeMember({ id: v7(), sql, options, settings, tellOthers })
  const scope = yield* Scope.make()
  const lanes: Array<Fiber.Fiber<void>> = []
  yield* Effect.addFinalizer(() => close(member, lanes, scope))

  const woken = yield* Scope.provide(wakeups.subscribe, scope)
  const start = <E>(step: Effect.Effect<void, E>) => Effect.forkIn(forever(member, step), scope)
  yield* start(Effect.flatMap(PubSub.take(woken), (topics) => Effect.sync(() => wake(member, topics))))
  yield* start(fetch(member))
  yield* start(
    Effect.andThen(
      member.bells.acknowledge.wait(Infinity),
      Effect.andThen(acknowledge(member), Effect.sleep(ACKNOWLEDGE_EVERY_MILLIS))
    )
  )
  yield* start(
    Effect.suspend(() => {
      const joins = member.leaseUntil === 0
      return Effect.gen(function* () {
        if (joins) yield* prepare(member)
        yield* beat(member)
        if (joins) yield* tellOthers
        yield* member.bells.beat.wait(settings.leaseMillis / 3)
      })
    })
  )
  for (const topic of options.topics) lanes.push(yield* Effect.forkIn(runLane(laneOf(member, topic.name)), scope))
  return makeSubscription(member)
})

const laneOf = (member: Member, topic: string) => ({
  subscription: member.options,
  topic,
  bell: member.bells.lanes.get(topic)!,
  partitions: () => [...member.held.values()].filter((held) => held.topic === topic),
  mayTake: () => !member.paused && hasLease(member),
  isClosing: () => member.closing,
  onDone: () => {
    member.bells.acknowledge.ring()
    member.bells.fetch.ring()
  }
})

const wake = (member: Member, topics: ReadonlySet<string>): void => {
  if (topics.has(membershipTopic(member.options.group))) member.bells.beat.ring()
  let ours = false
  for (const held of member.held.values()) {
    if (!topics.has(held.topic)) continue
    ours = true
    held.wokenAt ??= member.now()
  }
  if (ours) member.bells.fetch.ring()
}

/** Finishes the batches in hand, for a bounded time, then leaves everything to the others. */
const close = (member: Member, lanes: ReadonlyArray<Fiber.Fiber<void>>, scope: Scope.Closeable) =>
  Effect.gen(function* () {
    member.closing = true
    for (const bell of member.bells.lanes.values()) bell.ring()
    yield* Effect.timeoutOption(Fiber.awaitAll(lanes), member.settings.closeMillis)
    yield* reach("consumer.closing")
    yield* Scope.close(scope, Exit.void)
    yield* Effect.andThen(acknowledge(member), leave(member)).pipe(
      Effect.timeoutOption(member.settings.closeMillis),
      Effect.catchCause((cause) =>
        Effect.logWarning("A member left without saying so; its lease has to run out", cause)
      )
    )
    yield* member.tellOthers
  }).pipe(Effect.annotateLogs({ group: member.options.group }))

const makeSubscription = (member: Member): Subscription => {
  const { group } = member.options
  const topics = member.options.topics.map(({ name }) => name)
  const setPaused = (paused: boolean) =>
    Effect.sync(() => {
      member.paused = paused
      member.bells.fetch.ring()
      for (const bell of member.bells.lanes.values()) bell.ring()
    })
  const lag = member.sql.unsafe<{ topic: string; lag: number }>(LAG, [group, topics, LAG_COUNTED_TO])
  const members = member.sql.unsafe<{ members: number }>(MEMBERS, [group])
  const waiting = member.sql.unsafe<{ waiting: number }>(WAITING, [group, topics])
  return {
    pause: setPaused(true),
    resume: setPaused(false),
    state: Effect.sync(() => (member.paused ? "paused" : "running")),
    lag: lastKnown(
      Effect.map(lag, (rows) => new Map(rows.map((row) => [row.topic, row.lag]))),
      new Map(topics.map((topic) => [topic, 0]))
    ),
    members: lastKnown(
      Effect.map(members, ([row]) => row!.members),
      0
    ),
    waiting: lastKnown(
      Effect.map(waiting, ([row]) => Math.max(row!.waiting, 0)),
      0
    )
  }
}
