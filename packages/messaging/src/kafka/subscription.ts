import { Clock, Data, Deferred, Duration, Effect, Exit, Fiber, Scope } from "effect"
import type { Consumer, Kafka } from "kafkajs"
import type { SubscribeOptions, Subscription } from "../broker.ts"
import { reach } from "../crash-points.ts"
import { runLane } from "../delivering/lane.ts"
import { lastKnown } from "../last-known.ts"
import { monotonicMillis } from "../monotonic.ts"
import { type Asking, lagOf, membersOf, waitingOf } from "./admin.ts"
import { type KafkaOptions, reasonOf } from "./client.ts"
import { eachBatch } from "./each-batch.ts"
import { makeMember, type Member, ringAll } from "./member.ts"
import { untilStalled, type Watched } from "./stall.ts"
import { makeWaiting } from "./waiting.ts"

const AGAIN_AFTER = Duration.seconds(1)
const STALLED = "records wait, and none was handled"

const makeConsumer = (kafka: Kafka, group: string, sessionMillis: number): Consumer =>
  kafka.consumer({
    groupId: group,
    sessionTimeout: sessionMillis,
    rebalanceTimeout: sessionMillis,
    heartbeatInterval: Math.min(1000, sessionMillis / 3),
    maxWaitTimeInMs: 1000,
    maxBytesPerPartition: 262_144,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 200, maxRetryTime: 2000, retries: Number.MAX_SAFE_INTEGER }
  })

/** Kafka did not take a consumer in. */
class NotTaken extends Data.TaggedError("NotTaken")<{ readonly reason: string }> {}

/** Joins a group and works in it until the scope closes. */
export const join = Effect.fnUntraced(function* (
  kafka: Kafka,
  ask: Asking,
  subscribe: SubscribeOptions,
  options: KafkaOptions
) {
  const clock = yield* Clock.Clock
  const now = () => monotonicMillis(clock)
  const closeMillis = options.closeMillis ?? 5000
  const { explain = (reason) => reason, stallMillis = 60_000 } = options
  const member = makeMember(subscribe)
  const topics = subscribe.topics.map((topic) => topic.name)
  let current: Consumer | undefined
  const waiting = makeWaiting()
  const watched = {
    look: () => seenOf(member),
    lag: ask((admin) => lagOf(admin, subscribe.group, topics, (topic, partition) => isDealt(member, topic, partition))),
    now,
    onIdle: () => (member.stalledAt = undefined),
    stallMillis
  }

  /** One consumer of kafkajs, until it gives up for good or stands still. */
  const consume = Effect.gen(function* () {
    const crashed = yield* Deferred.make<string>()
    const consumer = yield* Effect.acquireRelease(
      Effect.sync(() => (current = makeConsumer(kafka, subscribe.group, options.sessionMillis ?? 10_000))),
      (one) => Effect.promise(() => one.disconnect().catch(() => {})).pipe(Effect.timeoutOption(closeMillis))
    )
    member.assigned = undefined
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      member.assigned = payload.memberAssignment
      member.generation += 1
      member.rebalancing = false
      for (const held of member.held.values()) held.records.length = held.inHand
      // What was paused before is forgotten by a consumer that started over.
      if (member.paused) consumer.pause(topics.map((topic) => ({ topic })))
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) Deferred.doneUnsafe(crashed, Exit.succeed(reasonOf(payload.error)))
    })
    yield* Effect.tryPromise({
      try: async () => {
        await consumer.connect()
        await consumer.subscribe({ topics, fromBeginning: true })
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: subscribe.topics.reduce((sum, topic) => sum + topic.partitions, 0),
          eachBatch: (payload) => eachBatch(member, payload, now)
        })
      },
      catch: (error) => new NotTaken({ reason: explain(reasonOf(error)) })
    })
    yield* waiting.taken
    return yield* Effect.raceFirst(Deferred.await(crashed), Effect.as(untilStalled(watched), STALLED))
  }).pipe(Effect.scoped)

  const supervised = Effect.gen(function* () {
    const progress = member.progress
    const reason = yield* Effect.catchDefect(consume, (defect) => Effect.succeed(String(defect)))
    yield* Effect.logWarning("A Kafka consumer is replaced").pipe(Effect.annotateLogs({ reason }))
    if (reason === STALLED && progress === member.progress && member.stalledAt === progress) {
      yield* Effect.logError("A Kafka consumer stands still although it was replaced")
      yield* options.onStalled?.(subscribe.group) ?? Effect.void
    }
    if (reason === STALLED) member.stalledAt = member.progress
    yield* Effect.sleep(AGAIN_AFTER)
  }).pipe(
    Effect.catchTag("NotTaken", ({ reason }) => waiting.notTaken(reason)),
    Effect.annotateLogs({ group: subscribe.group }),
    Effect.withTracerEnabled(false)
  )

  const scope = yield* Scope.make()
  const lanes: Array<Fiber.Fiber<void>> = []
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      member.closing = true
      ringAll(member)
      yield* Effect.timeoutOption(Fiber.awaitAll(lanes), closeMillis)
      yield* reach("consumer.closing")
      yield* Scope.close(scope, Exit.void)
    })
  )
  for (const topic of topics) lanes.push(yield* Effect.forkIn(runLane(laneOf(member, topic)), scope))
  yield* Effect.forkIn(Effect.forever(supervised), scope)
  return makeSubscription(member, () => current, ask)
})

const seenOf = (member: Member): Watched => ({
  paused: member.paused,
  busy: [...member.held.values()].some((held) => held.inHand > 0),
  progress: member.progress
})

/** What is not dealt out yet may be anybody's. */
const isDealt = ({ assigned }: Member, topic: string, partition: number): boolean =>
  assigned === undefined || (assigned[topic]?.includes(partition) ?? false)

const stateOf = (member: Member) =>
  member.paused ? "paused" : member.stalledAt === member.progress ? "stalled" : "running"

const laneOf = (member: Member, topic: string) => ({
  subscription: member.options,
  topic,
  bell: member.lanes.get(topic)!,
  partitions: () => [...member.held.values()].filter((held) => held.topic === topic),
  mayTake: () => !member.paused && !member.rebalancing,
  isClosing: () => member.closing,
  onDone: () => {
    member.progress += 1
    ringAll(member)
  }
})

const makeSubscription = (member: Member, current: () => Consumer | undefined, ask: Asking): Subscription => {
  const { group } = member.options
  const names = member.options.topics.map(({ name }) => name)
  const topics = names.map((topic) => ({ topic }))
  const set = (paused: boolean) =>
    Effect.sync(() => {
      member.paused = paused
      try {
        if (paused) current()?.pause(topics)
        else current()?.resume(topics)
      } catch {
        // It does not run yet: it will look whether it is paused when it does.
      }
      ringAll(member)
    })
  return {
    pause: set(true),
    resume: set(false),
    state: Effect.sync(() => stateOf(member)),
    lag: lastKnown(
      ask((admin) => lagOf(admin, group, names)),
      new Map(names.map((name) => [name, 0]))
    ),
    members: lastKnown(
      ask((admin) => membersOf(admin, group)),
      0
    ),
    waiting: lastKnown(
      Effect.flatMap(Clock.currentTimeMillis, (now) => ask((admin) => waitingOf(admin, group, names, now))),
      0
    )
  }
}
