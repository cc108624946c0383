import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery, DependencyUnavailable } from "@flowforge/messaging"
import { Effect } from "effect"
import { eventually } from "../eventually.ts"
import {
  type Counted,
  type CountedTopic,
  delayed,
  eachOf,
  keysOf,
  layerWorld,
  newGroup,
  newTopic,
  reaches,
  send,
  start
} from "./world.ts"

const circuit = { base: "50 millis" } as const
const refused = Effect.fail(new DependencyUnavailable({ dependency: "the bank", reason: "503" }))

/** What becomes of each key, in order, in the hands of a consumer whose calls end as `answer` does. */
const makeFates = () => {
  const fates = new Map<string, string>()
  const note = (fate: string, deliveries: ReadonlyArray<Delivery<Counted>>) => {
    for (const { key } of deliveries) fates.set(key, `${fates.get(key) ?? ""} ${fate}`.trim())
  }
  const world = {
    fates: fates as ReadonlyMap<string, string>,
    count: (fate: string) => Effect.sync(() => [...fates.values()].filter((each) => each === fate).length),
    answer: Effect.void as Effect.Effect<void, DependencyUnavailable>,
    drop: Effect.void as Effect.Effect<void>
  }
  const entry = (topic: CountedTopic, concurrency: number) =>
    Consumer.calling(topic, {
      policy: delayed,
      concurrency,
      prepare: (deliveries) =>
        Effect.sync(() => {
          note("prepared", deliveries)
          return deliveries
        }),
      call: (delivery) =>
        Effect.suspend(() => {
          note("called", [delivery])
          return world.answer
        }),
      dropped: (deliveries) =>
        Effect.suspend(() => {
          note("dropped", deliveries)
          return world.drop
        }),
      record: () => Effect.void
    })
  return Object.assign(world, { entry })
}

layer(layerWorld, { excludeTestServices: true })("a delivery that was prepared and whose call was not begun", (it) => {
  it.effect("because the circuit opened meanwhile is told that it is dropped, once, and nobody else is", () =>
    Effect.gen(function* () {
      const [topic, group, world] = [newTopic(), newGroup(), makeFates()]
      world.answer = refused
      yield* send(topic, ...eachOf(keysOf("k", 60)))
      yield* start({ group, circuit: { base: "1 hour", cap: "1 hour" }, entries: [world.entry(topic, 1)] })
      yield* eventually(world.count("prepared dropped"), (dropped) => dropped > 0)
      assert.strictEqual(yield* world.count("prepared called"), 10)
      assert.strictEqual(yield* world.count("prepared dropped"), world.fates.size - 10)
    })
  )

  it.effect("is prepared anew when it comes again, as often as it is dropped, and called in the end", () =>
    Effect.gen(function* () {
      const [topic, group, world] = [newTopic(), newGroup(), makeFates()]
      world.answer = refused
      yield* send(topic, ...eachOf(keysOf("k", 60)))
      yield* start({ group, circuit, entries: [world.entry(topic, 4)] })
      yield* eventually(world.count("prepared dropped"), (dropped) => dropped > 0)
      world.answer = Effect.void
      yield* reaches(group, { done: 60 })
      for (const fate of world.fates.values()) assert.match(fate, /^(prepared (called|dropped) )*prepared called$/u)
    })
  )

  it.effect("because its member stops is told too; those that are being called are not", () =>
    Effect.gen(function* () {
      const [topic, group, world] = [newTopic(), newGroup(), makeFates()]
      world.answer = Effect.never
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      const { stop } = yield* start({ group, circuit, entries: [world.entry(topic, 4)] })
      yield* eventually(world.count("prepared called"), (called) => called === 4)
      const unbegun = yield* world.count("prepared")
      assert.isAbove(unbegun, 0)
      yield* stop
      assert.strictEqual(yield* world.count("prepared dropped"), unbegun)
      assert.strictEqual(yield* world.count("prepared called"), 4)
    })
  )

  const troubles = { fails: Effect.die(new Error("no")), hangs: Effect.never }
  for (const [trouble, drop] of Object.entries(troubles)) {
    it.effect(`comes again all the same when telling it ${trouble}`, () =>
      Effect.gen(function* () {
        const [topic, group, world] = [newTopic(), newGroup(), makeFates()]
        world.answer = refused
        world.drop = drop
        yield* send(topic, ...eachOf(keysOf("k", 30)))
        yield* start({ group, circuit, entries: [world.entry(topic, 1)] })
        yield* eventually(world.count("prepared dropped"), (dropped) => dropped > 0)
        world.answer = Effect.void
        yield* reaches(group, { done: 30 })
      })
    )
  }
})
