import { assert, layer } from "@effect/vitest"
import { Broker, Consumer, DependencyUnavailable, Unprocessable } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { Duration, Effect, Metric } from "effect"
import { look } from "../../src/consumer/watch.ts"
import { eventually } from "../eventually.ts"
import {
  counted,
  delayed,
  type CountedTopic,
  eachOf,
  keysOf,
  layerWorld,
  makeDue,
  newGroup,
  newTopic,
  outcomesOf,
  reaches,
  send,
  start,
  unhurried
} from "./world.ts"

/** The value of a metric of this group, 0 when there is none yet. */
const valueOf = (id: string, group: string, attributes: Record<string, string> = {}) =>
  Effect.map(Metric.snapshot, (metrics) => {
    const wanted = Object.entries({ group, ...attributes })
    const found = metrics.find(
      (metric) => metric.id === id && wanted.every(([name, value]) => metric.attributes?.[name] === value)
    )
    const state = found?.state as { readonly value?: number; readonly count?: number } | undefined
    return state?.value ?? state?.count ?? 0
  })

/** Looks as a member does that has been paused before it could fetch anything. */
const lookPaused = Effect.fnUntraced(function* (group: string, topic: CountedTopic) {
  const broker = yield* Broker
  const subscription = yield* broker.subscribe({
    group,
    topics: [topic],
    maxBatch: 10,
    linger: Duration.millis(1),
    handle: () => Effect.never
  })
  yield* subscription.pause
  yield* look(group, [topic.name], subscription)
})

layer(layerWorld, { excludeTestServices: true })("the gauges of a consumer", (it) => {
  it.effect("tell what it has not acknowledged, by topic", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* send(topic, ...eachOf(keysOf("k", 7)))
      yield* lookPaused(group, topic)
      assert.strictEqual(yield* valueOf("flowforge_consumer_lag_messages", group, { topic: topic.name }), 7)
    })
  )

  it.effect("tell how long the oldest has waited that it has not acknowledged, and 0 once nothing waits", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const oldest = valueOf("flowforge_consumer_oldest_waiting_seconds", group)
      const sentAt = performance.now()
      yield* send(topic, counted("a", 0))
      // Each looks as a member that leaves again.
      const looked = Effect.andThen(Effect.scoped(lookPaused(group, topic)), oldest)
      const seen = yield* eventually(looked, (seconds) => seconds > 0.2)
      assert.isBelow(seen, (performance.now() - sentAt) / 1_000 + 0.1)
      yield* start({ group, entries: [Consumer.inDatabase(topic, { policy: unhurried, handle: () => Effect.void })] })
      yield* reaches(group, { done: 1 })
      yield* eventually(looked, (seconds) => seconds === 0)
    })
  )

  it.effect("tell what is parked, what lies dead, and how many attempts there were; they go back to 0", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const at = { topic: topic.name }
      let isFailing = true
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: delayed,
            handle: (deliveries): Effect.Effect<void, Error | Unprocessable> => {
              if (deliveries.some(({ key }) => key === "dead")) return Effect.fail(new Unprocessable({ reason: "no" }))
              const isParked = isFailing && deliveries.some(({ key }) => key === "parked")
              return isParked ? Effect.fail(new Error("not yet")) : Effect.void
            }
          })
        ]
      })
      yield* send(topic, counted("a", 0), counted("dead", 1), counted("parked", 2), counted("parked", 3))
      yield* reaches(group, { done: 1, dead: 1, parked: 2 })
      yield* lookPaused(group, topic)
      assert.strictEqual(yield* valueOf("flowforge_parked_events", group, at), 2)
      assert.strictEqual(yield* valueOf("flowforge_dead_letters_open", group, at), 1)
      assert.strictEqual(yield* valueOf("flowforge_parked_total", group, at), 1)
      assert.strictEqual(yield* valueOf("flowforge_dead_letters_total", group, { ...at, kind: "impossible" }), 1)
      // One for what is dead, two in place for what is parked.
      const attempts = (outcome: string) => valueOf("flowforge_delivery_attempts_total", group, { ...at, outcome })
      assert.strictEqual(yield* attempts("failed"), 3)
      assert.strictEqual(yield* attempts("done"), 1)
      isFailing = false
      yield* makeDue(group)
      yield* reaches(group, { done: 3, dead: 1 })
      yield* lookPaused(group, topic)
      assert.strictEqual(yield* valueOf("flowforge_parked_events", group, at), 0)
      assert.strictEqual(yield* attempts("done"), 3)
    })
  )

  it.effect("tell while a dependency is down for everybody", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      let isDown = true
      yield* start({
        group,
        circuit: { base: "50 millis" },
        entries: [
          Consumer.calling(topic, {
            policy: unhurried,
            concurrency: 4,
            prepare: (deliveries) => Effect.succeed(deliveries),
            call: (): Effect.Effect<void, DependencyUnavailable> =>
              isDown ? Effect.fail(new DependencyUnavailable({ dependency: "the bank", reason: "503" })) : Effect.void,
            record: () => Effect.void
          })
        ]
      })
      const isOpen = valueOf("flowforge_circuit_open", group)
      assert.strictEqual(yield* isOpen, 0)
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      yield* eventually(isOpen, (value) => value === 1)
      isDown = false
      yield* eventually(isOpen, (value) => value === 0)
      yield* eventually(outcomesOf(group), (found) => found["done"] === 20)
    })
  )

  it.effect("are set by the consumer itself, at once and then again and again", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* send(topic, counted("a", 0))
      yield* start({
        group,
        entries: [Consumer.inDatabase(topic, { policy: { inlineBudget: "1 minute" }, handle: () => Effect.never })]
      })
      yield* eventually(
        valueOf("flowforge_consumer_lag_messages", group, { topic: topic.name }),
        (value) => value === 1
      )
      yield* MemoryBroker.use((memory) => memory.crash(group, 0))
    })
  )
})
