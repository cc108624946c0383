import { assert, layer } from "@effect/vitest"
import { Consumer } from "@flowforge/messaging"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  counted,
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
  patient,
  reaches,
  send,
  start,
  unhurried
} from "./world.ts"
import { databaseSwitch } from "./database-switch.ts"

/** As if the handler had met PostgreSQL on its way down, or on its way up. */
const away = (code: string) =>
  SqlClient.SqlClient.use((sql) => sql.unsafe(`DO $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '${code}'; END $$`))

layer(layerWorld, { excludeTestServices: true })("while PostgreSQL is away", (it) => {
  it.effect("batches go back to the broker; nobody is parked, nothing is spent, and all is done when it is back", () =>
    Effect.gen(function* () {
      const [topic, group, database] = [newTopic(), newGroup(), yield* databaseSwitch]
      let executions = 0
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: { ...patient, maxAttempts: 1, immediateAttempts: 1 },
            handle: () => Effect.sync(() => void executions++)
          })
        ]
      })
      yield* send(topic, counted("before", 0))
      yield* reaches(group, { done: 1 })
      yield* database.goesDown
      yield* send(topic, ...eachOf(keysOf("k", 20)))
      assert.strictEqual(executions, 1)
      yield* database.comesBack
      yield* reaches(group, { done: 21 })
      assert.deepStrictEqual(yield* lettersOf(group), [])
    })
  )

  it.effect("calls made already are made again, and their results are recorded once", () =>
    Effect.gen(function* () {
      const [topic, group, database] = [newTopic(), newGroup(), yield* databaseSwitch]
      const calls: Array<string> = []
      const recorded: Array<string> = []
      const said: Array<unknown> = []
      let goesDown = true
      const entries = [
        Consumer.calling(topic, {
          policy: { ...patient, maxAttempts: 1, immediateAttempts: 1 },
          concurrency: 4,
          prepare: (deliveries) => Effect.succeed(deliveries.map(({ key }) => key)),
          call: (_, key) =>
            Effect.gen(function* () {
              calls.push(key)
              if (key === "k0" && goesDown) {
                yield* database.goesDown
                goesDown = false
              }
              return key
            }),
          record: (results) =>
            SqlClient.SqlClient.use((sql) =>
              sql.afterCommit(Effect.sync(() => void recorded.push(...results.map(({ result }) => result))))
            )
        })
      ]
      yield* start({ group, entries }).pipe(Effect.provide(notingLogs(said)))
      yield* send(topic, ...eachOf(keysOf("k", 5)))
      yield* eventually(
        Effect.sync(() => said),
        (said) => said.includes("A batch failed; it will be delivered again")
      )
      yield* database.comesBack
      yield* reaches(group, { done: 5 })
      assert.deepStrictEqual(recorded.toSorted(), keysOf("k", 5))
      assert.isAbove(calls.length, 5)
      assert.deepStrictEqual(yield* lettersOf(group), [])
    })
  )

  it.effect("parked events wait on with the attempts they had", () =>
    Effect.gen(function* () {
      const [topic, group, database] = [newTopic(), newGroup(), yield* databaseSwitch]
      const said: Array<unknown> = []
      let isFailing = true
      let goesDown = false
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: {
              ...unhurried,
              immediateAttempts: 1,
              maxAttempts: 2,
              backoff: { base: "1 hour", cap: "1 hour" }
            },
            handle: () =>
              Effect.suspend((): Effect.Effect<void, string> => {
                if (!goesDown) return isFailing ? Effect.fail("not now") : Effect.void
                return Effect.tap(database.goesDown, () => Effect.sync(() => void (goesDown = false)))
              })
          })
        ]
      }).pipe(Effect.provide(notingLogs(said)))
      yield* send(topic, counted("a", 0))
      yield* eventually(parkedOf(group), ([parked]) => parked?.attempts === 1)
      ;[isFailing, goesDown] = [false, true]
      yield* makeDue(group)
      // Back any sooner, it would answer others when the worker asks, and the attempt would count.
      yield* eventually(
        Effect.sync(() => said),
        (said) => said.some((line) => String(line).endsWith("could not be worked, trying again"))
      )
      yield* database.comesBack
      // Had the outage been its second attempt, it would be given up.
      const outcomes = Effect.andThen(makeDue(group), outcomesOf(group))
      const found = yield* eventually(outcomes, (found) => found["parked"] === undefined)
      assert.deepStrictEqual(found, { done: 1 })
    })
  )

  for (const code of ["57P01", "57P03", "08006", "53300"]) {
    it.effect(`${code} from a database that answers others is the event's own trouble: the others are done`, () =>
      Effect.gen(function* () {
        const [topic, group] = [newTopic(), newGroup()]
        yield* start({
          group,
          entries: [
            Consumer.inDatabase(topic, {
              policy: { ...patient, maxAttempts: 2 },
              handle: (deliveries) =>
                deliveries.some(({ key }) => key === "at fault") ? Effect.asVoid(away(code)) : Effect.void
            })
          ]
        })
        yield* send(topic, counted("a", 0), counted("at fault", 1), counted("b", 2))
        yield* reaches(group, { done: 2, dead: 1 })
      })
    )
  }
})
