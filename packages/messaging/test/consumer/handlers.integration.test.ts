import { assert, layer } from "@effect/vitest"
import { Consumer, type Delivery } from "@flowforge/messaging"
import { type Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  type Counted,
  counted,
  layerWorld,
  lettersOf,
  newGroup,
  newTopic,
  outcomesOf,
  parkedOf,
  patient,
  reaches,
  send,
  start,
  unhurried
} from "./world.ts"

type Deliveries = ReadonlyArray<Delivery<Counted>>

/** Sends two healthy events and one at fault; `misbehaves` is what the handler does when that one is among them. */
const withOneAtFault = Effect.fnUntraced(function* (
  misbehaves: Effect.Effect<unknown, unknown, SqlClient.SqlClient>,
  inlineBudget: Duration.Input
) {
  const [topic, group] = [newTopic(), newGroup()]
  yield* start({
    group,
    entries: [
      Consumer.inDatabase(topic, {
        policy: { ...patient, inlineBudget, maxAttempts: 3 },
        handle: (deliveries: Deliveries): Effect.Effect<void, unknown, SqlClient.SqlClient> =>
          deliveries.some(({ key }) => key === "at fault") ? Effect.asVoid(misbehaves) : Effect.void
      })
    ]
  })
  yield* send(topic, counted("a", 0), counted("at fault", 1), counted("b", 2))
  return { topic, group }
})

const cutOff = /^not done within 400 ms, outcome unknown$/u

const bad: ReadonlyArray<
  readonly [does: string, what: Effect.Effect<unknown, unknown, SqlClient.SqlClient>, error: RegExp]
> = [
  ["fails", Effect.fail(new Error("no")), /Error: no/u],
  ["fails with what is no error", Effect.fail({ code: 7 }), /code.*7/u],
  ["dies", Effect.die(new TypeError("x is undefined")), /TypeError: x is undefined/u],
  ["interrupts itself", Effect.interrupt, /interrupt/iu],
  ["hangs", Effect.never, cutOff],
  ["returns late", Effect.sleep("1 second"), cutOff],
  ["waits for a promise that nobody keeps", Effect.promise(() => new Promise(() => undefined)), cutOff],
  [
    "breaks its own transaction and goes on",
    SqlClient.SqlClient.use((sql) => Effect.ignore(sql.unsafe("SELECT 1 / 0"))),
    /./u
  ],
  [
    "loses its session whenever it is tried",
    SqlClient.SqlClient.use((sql) => sql.unsafe("SELECT pg_terminate_backend(pg_backend_pid())")),
    /./u
  ]
]

layer(layerWorld, { excludeTestServices: true })("a handler's misbehaviour ends no consumer:", (it) => {
  for (const [does, what, error] of bad) {
    it.effect(`one that ${does} does the others, gives that one up after its attempts, and goes on`, () =>
      Effect.gen(function* () {
        const { topic, group } = yield* withOneAtFault(what, error === cutOff ? "400 millis" : "10 seconds")
        yield* reaches(group, { done: 2, dead: 1 })
        const [letter, ...more] = yield* lettersOf(group)
        assert.deepStrictEqual(more, [])
        assert.strictEqual(letter!.key, "at fault")
        assert.strictEqual(letter!.attempts, 3)
        assert.match(letter!.error, error)
        yield* send(topic, counted("at fault", 3), counted("c", 4))
        yield* reaches(group, { done: 3, dead: 2 })
      })
    )
  }

  it.effect("one that throws before it makes an effect is a bug like any other", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...patient, maxAttempts: 1 },
            handle: (): Effect.Effect<void> => {
              throw new RangeError("thrown")
            }
          })
        ]
      })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { dead: 1 })
      assert.strictEqual((yield* lettersOf(group))[0]!.error, "RangeError: thrown")
    })
  )

  it.effect("one that lets its session idle until the server ends it costs only the event it idles for", () =>
    Effect.gen(function* () {
      const idle = SqlClient.SqlClient.use((sql) =>
        Effect.andThen(
          sql.unsafe("SET LOCAL idle_in_transaction_session_timeout = 50"),
          Effect.andThen(Effect.sleep("200 millis"), sql.unsafe("SELECT 1"))
        )
      )
      const { group } = yield* withOneAtFault(idle, "10 seconds")
      yield* reaches(group, { done: 2, dead: 1 })
    })
  )

  it.effect("a session ended once spends nothing: the batch is done without anybody parked", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      let executions = 0
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: unhurried,
            handle: () =>
              executions++ === 0
                ? Effect.asVoid(sql.unsafe("SELECT pg_terminate_backend(pg_backend_pid())"))
                : Effect.void
          })
        ]
      })
      yield* send(topic, counted("a", 0), counted("b", 1))
      yield* reaches(group, { done: 2 })
      assert.isAbove(executions, 1)
    })
  )

  it.effect("attempts are counted over those in place and those after parking, and the handler is told", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const attempts: Array<number> = []
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...patient, immediateAttempts: 3, maxAttempts: 5 },
            handle: ([{ attempt }]) => {
              attempts.push(attempt)
              return Effect.fail("no")
            }
          })
        ]
      })
      yield* send(topic, counted("a", 0))
      yield* reaches(group, { dead: 1 })
      assert.deepStrictEqual(attempts, [1, 2, 3, 4, 5])
    })
  )

  it.effect("a shutdown parks nobody: what was in hand is delivered again", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      let isHanging = true
      let executions = 0
      const entries = [
        Consumer.inDatabase(topic, {
          policy: { inlineBudget: "1 minute" },
          handle: () =>
            Effect.suspend(() => {
              executions++
              return isHanging ? Effect.never : Effect.void
            })
        })
      ]
      const [first] = [yield* start({ group, entries })]
      yield* send(topic, counted("a", 0))
      yield* eventually(
        Effect.sync(() => executions),
        (count) => count === 1
      )
      yield* first.stop
      assert.deepStrictEqual(yield* outcomesOf(group), {})
      assert.deepStrictEqual(yield* parkedOf(group), [])
      isHanging = false
      yield* start({ group, entries })
      yield* reaches(group, { done: 1 })
    })
  )
})
