import { assert, layer } from "@effect/vitest"
import { Consumer, DependencyUnavailable } from "@flowforge/messaging"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  counted,
  type CountedTopic,
  delayed,
  eachOf,
  keysOf,
  layerWorld,
  lettersOf,
  makeDue,
  newGroup,
  newTopic,
  notingLogs,
  outcomesOf,
  parkedOf,
  reaches,
  send,
  start
} from "./world.ts"

const circuit = { base: "50 millis" } as const
/** Silence is found out soon. */
const impatient = { ...delayed, inlineBudget: "250 millis" } as const

const refused = Effect.fail(new DependencyUnavailable({ dependency: "the bank", reason: "503" }))

/** Something outside that can be down: it refuses, or is silent. */
const makeDependency = () => {
  const calls: Array<string> = []
  let answer: Effect.Effect<void, DependencyUnavailable> = Effect.void
  return {
    calls,
    goesDown: (silently = false) => {
      answer = silently ? Effect.never : refused
    },
    comesBack: () => void (answer = Effect.void),
    call: (key: string) =>
      Effect.suspend(() => {
        calls.push(key)
        return answer
      })
  }
}
type Dependency = ReturnType<typeof makeDependency>

const calling = (
  topic: CountedTopic,
  { call }: Dependency,
  {
    concurrency = 4,
    isSilent = false,
    hangs = () => false
  }: { concurrency?: number; isSilent?: boolean; hangs?: (key: string) => boolean } = {}
) =>
  Consumer.calling(topic, {
    policy: isSilent ? impatient : delayed,
    concurrency,
    prepare: (deliveries) => Effect.succeed(deliveries.map(({ key }) => key)),
    call: (_, key): Effect.Effect<void, DependencyUnavailable> => (hangs(key) ? Effect.never : call(key)),
    record: () => Effect.void
  })

const callsOf = (dependency: Dependency) => Effect.sync(() => dependency.calls.length)

layer(layerWorld, { excludeTestServices: true })("while a dependency is down for everybody", (it) => {
  for (const silently of [false, true]) {
    it.effect(
      `${silently ? "and silent" : "and refuses"}, its consumer waits, spends nothing, parks nobody, lets one try, and goes on by itself`,
      () =>
        Effect.gen(function* () {
          const [topic, group, dependency] = [newTopic(), newGroup(), makeDependency()]
          dependency.goesDown(silently)
          yield* send(topic, ...eachOf(keysOf("k", 60)))
          yield* start({
            group,
            circuit,
            entries: [calling(topic, dependency, { concurrency: 1, isSilent: silently })]
          })
          // The first ten open it, and nobody calls after them but one, in a while.
          yield* eventually(callsOf(dependency), (calls) => calls > 10)
          assert.lengthOf(dependency.calls, 11)
          assert.deepStrictEqual(yield* outcomesOf(group), {})
          dependency.comesBack()
          yield* reaches(group, { done: 60 })
          assert.deepStrictEqual(yield* lettersOf(group), [])
        })
    )
  }

  it.effect("and its silence is a result, that costs those who found out and nobody else", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const results: Array<"silence" | "answer"> = []
      let isDown = true
      const entry = Consumer.calling(topic, {
        policy: delayed,
        concurrency: 1,
        prepare: (deliveries) => Effect.succeed(deliveries.map(({ key }) => key)),
        call: () => Effect.sync(() => (isDown ? ("silence" as const) : ("answer" as const))),
        isSilence: (result) => result === "silence",
        record: (called) => Effect.sync(() => void results.push(...called.map(({ result }) => result)))
      })
      yield* send(topic, ...eachOf(keysOf("k", 60)))
      yield* start({ group, circuit, entries: [entry] })
      yield* eventually(
        Effect.sync(() => results.length),
        (count) => count > 10
      )
      isDown = false
      yield* reaches(group, { done: 60 })
      // The first ten open it, and nobody calls after them but one, in a while.
      assert.isBelow(results.filter((result) => result === "silence").length, 15)
    })
  )

  it.effect("parked events obey too: nobody calls for them, and their attempts are not spent", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group, dependency] = [newTopic(), newGroup(), makeDependency()]
      dependency.goesDown()
      yield* start({ group, circuit: { base: "1 hour", cap: "1 hour" }, entries: [calling(topic, dependency)] })
      yield* send(topic, ...eachOf(keysOf("early", 3)))
      yield* eventually(parkedOf(group), (parked) => parked.length === 3)
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      yield* eventually(callsOf(dependency), (calls) => calls >= 10)
      const { length } = dependency.calls
      yield* makeDue(group)
      // Each was taken up, and put off until the circuit lets somebody try.
      yield* eventually(
        sql.unsafe(
          `SELECT key FROM parked_keys
            WHERE consumer_group = $1 AND lease IS NULL AND next_attempt_at > now() + interval '59 minutes'`,
          [group]
        ),
        (keys) => keys.length === 3
      )
      assert.lengthOf(dependency.calls, length)
      assert.deepStrictEqual(
        (yield* parkedOf(group)).map(({ attempts }) => attempts),
        [1, 1, 1]
      )
      assert.deepStrictEqual(yield* outcomesOf(group), { parked: 3 })
    })
  )

  it.effect("a parked event may be the one that tries, and everything goes on when it gets an answer", () =>
    Effect.gen(function* () {
      const [topic, group, dependency] = [newTopic(), newGroup(), makeDependency()]
      dependency.goesDown()
      // Who tries is a matter of luck each time, and the waits between trials would double.
      yield* start({ group, circuit: { ...circuit, cap: "100 millis" }, entries: [calling(topic, dependency)] })
      // Nine are parked, the tenth opens it; then everything is parked but the tenth.
      yield* send(topic, ...eachOf(keysOf("k", 9)))
      yield* eventually(parkedOf(group), (parked) => parked.length === 9)
      yield* send(topic, counted("tenth", 9))
      yield* eventually(callsOf(dependency), (calls) => calls >= 10)
      yield* eventually(
        Effect.andThen(
          makeDue(group),
          Effect.sync(() => dependency.calls.slice(10))
        ),
        (trials) => trials.some((key) => key.startsWith("k"))
      )
      dependency.comesBack()
      yield* eventually(Effect.andThen(makeDue(group), outcomesOf(group)), (found) => found["done"] === 10)
      assert.deepStrictEqual(yield* lettersOf(group), [])
    })
  )

  it.effect("an event that never gets an answer does not keep the circuit open when the others do", () =>
    Effect.gen(function* () {
      const [topic, group, dependency] = [newTopic(), newGroup(), makeDependency()]
      dependency.goesDown()
      // The first of both partitions is poison.
      const poison = keysOf("poison", 4)
      yield* send(topic, ...eachOf(poison), ...eachOf(keysOf("k", 40)))
      yield* start({
        group,
        circuit,
        entries: [calling(topic, dependency, { isSilent: true, hangs: (key) => key.startsWith("poison") })]
      })
      yield* eventually(callsOf(dependency), (calls) => calls >= 9)
      dependency.comesBack()
      yield* eventually(outcomesOf(group), (found) => found["done"] === 40)
      yield* eventually(outcomesOf(group), (found) => found["parked"] === 4)
    })
  )

  it.effect("ten failures with a success among them are ten failures of their own: parked, and the rest is done", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      let calls = 0
      yield* send(topic, ...eachOf(keysOf("k", 50)))
      yield* start({
        group,
        circuit,
        entries: [
          Consumer.calling(topic, {
            policy: delayed,
            concurrency: 1,
            prepare: (deliveries) => Effect.succeed(deliveries),
            call: () =>
              Effect.suspend((): Effect.Effect<void, DependencyUnavailable> =>
                ++calls % 5 === 0 ? Effect.void : refused
              ),
            record: () => Effect.void
          })
        ]
      })
      yield* reaches(group, { done: 10, parked: 40 })
      assert.strictEqual(calls, 50)
      assert.isTrue((yield* parkedOf(group)).every(({ attempts }) => attempts === 1))
    })
  )

  it.effect("recording an answer that came before ten failures does not close it again", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const said: Array<unknown> = []
      let calls = 0
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      yield* start({
        group,
        circuit: { base: "1 hour", cap: "1 hour" },
        entries: [
          Consumer.calling(topic, {
            policy: delayed,
            concurrency: 1,
            prepare: (deliveries) => Effect.succeed(deliveries),
            call: () =>
              Effect.suspend((): Effect.Effect<void, DependencyUnavailable> => (++calls === 1 ? Effect.void : refused)),
            record: () => Effect.void
          })
        ]
      }).pipe(Effect.provide(notingLogs(said)))
      yield* reaches(group, { done: 1 })
      yield* eventually(
        Effect.sync(() => said),
        (said) => said.includes("A batch failed; it will be delivered again")
      )
      assert.deepStrictEqual(yield* outcomesOf(group), { done: 1 })
      assert.strictEqual(calls, 11)
    })
  )

  it.effect("a handler in the database that says so waits as well", () =>
    Effect.gen(function* () {
      const [topic, group, dependency] = [newTopic(), newGroup(), makeDependency()]
      dependency.goesDown()
      yield* send(topic, ...eachOf(keysOf("k", 40)))
      yield* start({
        group,
        circuit,
        entries: [
          Consumer.inDatabase(topic, {
            policy: delayed,
            handle: ([{ key }]) => dependency.call(key)
          })
        ]
      })
      yield* eventually(callsOf(dependency), (calls) => calls >= 10)
      yield* eventually(parkedOf(group), (parked) => parked.length >= 9)
      const before = dependency.calls.length
      yield* eventually(callsOf(dependency), (calls) => calls > before)
      assert.lengthOf(yield* parkedOf(group), 9, "those before it was known to be down for everybody")
      dependency.comesBack()
      yield* eventually(outcomesOf(group), (found) => found["done"] === 31)
      yield* makeDue(group)
      yield* reaches(group, { done: 40 })
    })
  )

  it.effect("other topics of the group, which call nobody, neither close the circuit nor are parked", () =>
    Effect.gen(function* () {
      const [topic, quiet, group, dependency] = [newTopic(), newTopic(), newGroup(), makeDependency()]
      dependency.goesDown()
      yield* start({
        group,
        circuit,
        entries: [
          calling(topic, dependency),
          Consumer.inDatabase(quiet, { policy: delayed, handle: () => Effect.void })
        ]
      })
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      yield* eventually(callsOf(dependency), (calls) => calls >= 10)
      const calls = dependency.calls.length
      yield* send(quiet, counted("a", 0))
      yield* reaches(group, { done: 1 })
      assert.isAtMost(dependency.calls.length, calls + 3)
      dependency.comesBack()
      yield* reaches(group, { done: 21 })
    })
  )
})
