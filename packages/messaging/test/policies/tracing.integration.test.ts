import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery, type Message, message, Outbox, OutboxRelay } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { recordingTracer } from "@flowforge/testkit"
import { Effect, Option, References, type Tracer } from "effect"
import { v7 } from "uuid"
import {
  type Counted,
  counted,
  type CountedTopic,
  eachOf,
  keysOf,
  layerWorld,
  newGroup,
  newTopic,
  patient,
  reaches,
  start
} from "../consumer/world.ts"
import { eventually } from "../eventually.ts"

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const request = `00-${traceId}-00f067aa0ba902b7-01`
const unsampled = `00-${traceId}-00f067aa0ba902b7-00`

const publish = (...messages: ReadonlyArray<Message>) =>
  Effect.forEach(messages, ({ topic, partition, key, value, headers }) =>
    MemoryBroker.use((memory) => memory.inject({ topic, partition, key, value, headers }))
  )

const parentOf = (span: Tracer.Span) => Option.getOrUndefined(span.parent)?.spanId

/** Consumes `from` and, when there is a `to`, sends an event on for each; answers the traceparents that the handler saw. */
const passingOn = Effect.fnUntraced(function* (from: CountedTopic, to?: CountedTopic, outbox?: Outbox["Service"]) {
  const group = newGroup()
  const seen: Array<string | undefined> = []
  yield* start({
    group,
    entries: [
      Consumer.inDatabase(from, {
        policy: patient,
        handle: Effect.fnUntraced(function* (deliveries: ReadonlyArray<Delivery<Counted>>) {
          seen.push(...deliveries.map(({ traceparent }) => traceparent))
          if (to === undefined || outbox === undefined) return
          yield* outbox.append(deliveries.map((delivery) => message(to, counted(delivery.key, 0), delivery)))
        })
      })
    ]
  })
  return { group, seen }
})

layer(layerWorld, { excludeTestServices: true })("a traced delivery", (it) => {
  it.effect(
    "is a span under the one its message names, and what it causes goes on from there: one trace over two hops",
    () =>
      Effect.gen(function* () {
        const { spans, layer } = recordingTracer()
        const [first, second, source] = [newTopic(), newTopic(), v7()]
        yield* Effect.gen(function* () {
          const outbox = yield* Outbox
          const one = yield* passingOn(first, second, outbox)
          const two = yield* passingOn(second)
          yield* Effect.forkScoped(OutboxRelay.run({ source, subscriptions: [] }))
          yield* publish(message(first, counted("a", 0), { traceparent: request }))
          yield* reaches(one.group, { done: 1 })
          yield* reaches(two.group, { done: 1 })
          const [hop1, hop2, ...more] = yield* eventually(
            Effect.sync(() =>
              spans.filter(({ name, status }) => name.startsWith("process") && status._tag === "Ended")
            ),
            (ended) => ended.length === 2
          )
          assert.deepStrictEqual(more, [])
          assert.deepStrictEqual([hop1!.name, hop2!.name], [`process ${first.name}`, `process ${second.name}`])
          assert.deepStrictEqual([hop1!.traceId, hop2!.traceId], [traceId, traceId])
          assert.deepStrictEqual([parentOf(hop1!), parentOf(hop2!)], ["00f067aa0ba902b7", hop1!.spanId])
          assert.deepStrictEqual([hop1!.kind, hop2!.kind], ["consumer", "consumer"])
          assert.deepStrictEqual(one.seen, [`00-${traceId}-${hop1!.spanId}-01`])
          // What the handler does alone is under its span.
          const transaction = spans.find(({ name, parent }) => name === "sql.transaction" && Option.isSome(parent))
          assert.strictEqual(parentOf(transaction!), hop1!.spanId)
        }).pipe(Effect.provide(layer), Effect.provide(Outbox.layer(source)))
      })
  )

  it.effect("says what it is about in the attributes of OpenTelemetry", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const [topic, event] = [newTopic(), counted("a", 0)]
      const { group } = yield* passingOn(topic).pipe(Effect.provide(layer))
      yield* publish(message(topic, event, { traceparent: request }))
      yield* reaches(group, { done: 1 })
      const span = spans.find(({ name }) => name === `process ${topic.name}`)
      assert.deepInclude(Object.fromEntries(span!.attributes), {
        "messaging.operation.type": "process",
        "messaging.destination.name": topic.name,
        "messaging.consumer.group.name": group,
        "messaging.message.id": event.event_id,
        "messaging.message.conversation_id": "a",
        "flowforge.delivery.attempt": 1
      })
    })
  )

  it.effect("of a batch has a span of its own; what is done for all is in one that links to them", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const topic = newTopic()
      yield* publish(...eachOf(keysOf("k", 3)).map((event) => message(topic, event, { traceparent: request })))
      const { group, seen } = yield* passingOn(topic).pipe(Effect.provide(layer))
      yield* reaches(group, { done: 3 })
      const own = spans.filter(({ name }) => name === `process ${topic.name}`)
      const batch = spans.find(({ name }) => name === `process batch of ${topic.name}`)
      assert.deepStrictEqual(
        seen,
        own.map(({ spanId }) => `00-${traceId}-${spanId}-01`)
      )
      assert.deepStrictEqual(
        batch!.links.map(({ span }) => span.spanId),
        own.map(({ spanId }) => spanId)
      )
      assert.isTrue(spans.some((span) => span.name === "sql.transaction" && parentOf(span) === batch!.spanId))
    })
  )

  it.effect("that fails says so in its span, and each attempt has one under the same parent", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const [topic, group] = [newTopic(), newGroup()]
      let attempts = 0
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...patient, immediateAttempts: 1 },
            handle: () => Effect.suspend(() => (++attempts < 3 ? Effect.fail(new Error("not yet")) : Effect.void))
          })
        ]
      }).pipe(Effect.provide(layer))
      yield* publish(message(topic, counted("a", 0), { traceparent: request }))
      yield* reaches(group, { done: 1 })
      const own = yield* eventually(
        Effect.sync(() => spans.filter(({ name }) => name === `process ${topic.name}`)),
        (own) => own.length === 3 && own.every(({ status }) => status._tag === "Ended")
      )
      assert.deepStrictEqual(
        own.map(({ status, attributes }) => [
          status._tag === "Ended" && status.exit._tag,
          attributes.get("flowforge.delivery.outcome"),
          attributes.get("flowforge.delivery.attempt")
        ]),
        [
          ["Failure", "parked", 1],
          ["Failure", "parked", 2],
          ["Success", undefined, 3]
        ]
      )
      assert.isTrue(own.every((span) => parentOf(span) === "00f067aa0ba902b7"))
    })
  )

  it.effect("of a call has the call under its own span, not under another's of the batch", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const [topic, group] = [newTopic(), newGroup()]
      yield* publish(...eachOf(keysOf("k", 2)).map((event) => message(topic, event, { traceparent: request })))
      yield* start({
        group,
        entries: [
          Consumer.calling(topic, {
            policy: patient,
            concurrency: 2,
            prepare: (deliveries) => Effect.succeed(deliveries.map(() => undefined)),
            call: ({ key }) => Effect.withSpan(Effect.void, `call for ${key}`),
            record: () => Effect.void
          })
        ]
      }).pipe(Effect.provide(layer))
      yield* reaches(group, { done: 2 })
      for (const key of keysOf("k", 2)) {
        const delivery = spans.find(({ attributes }) => attributes.get("messaging.message.conversation_id") === key)
        assert.strictEqual(parentOf(spans.find(({ name }) => name === `call for ${key}`)!), delivery!.spanId)
      }
    })
  )

  it.effect("begins a trace of its own when its message names none", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const topic = newTopic()
      const { group, seen } = yield* passingOn(topic).pipe(Effect.provide(layer))
      yield* publish(message(topic, counted("a", 0)))
      yield* reaches(group, { done: 1 })
      const span = spans.find(({ name }) => name === `process ${topic.name}`)!
      assert.isUndefined(parentOf(span))
      assert.deepStrictEqual(seen, [`00-${span.traceId}-${span.spanId}-01`])
    })
  )
})

layer(layerWorld, { excludeTestServices: true })("a delivery that is not traced", (it) => {
  it.effect("because its trace is not sampled makes no span at all, and passes its traceparent on as it is", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const topic = newTopic()
      const { group, seen } = yield* passingOn(topic).pipe(Effect.provide(layer))
      yield* publish(message(topic, counted("a", 0), { traceparent: unsampled }))
      yield* reaches(group, { done: 1 })
      assert.deepStrictEqual(seen, [unsampled])
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        []
      )
    })
  )

  it.effect("because nothing is traced passes its traceparent on as it is", () =>
    Effect.gen(function* () {
      const { spans, layer } = recordingTracer()
      const topic = newTopic()
      const { group, seen } = yield* passingOn(topic).pipe(
        Effect.provide(layer),
        Effect.provideService(References.TracerEnabled, false)
      )
      yield* publish(message(topic, counted("a", 0), { traceparent: request }))
      yield* reaches(group, { done: 1 })
      assert.deepStrictEqual(seen, [request])
      assert.deepStrictEqual(spans, [])
    })
  )
})
