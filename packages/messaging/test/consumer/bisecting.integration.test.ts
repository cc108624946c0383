import { assert, layer } from "@effect/vitest"
import { Consumer, Unprocessable } from "@flowforge/messaging"
import { Effect } from "effect"
import * as fc from "fast-check"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import {
  eachOf,
  keysOf,
  layerWorld,
  lettersOf,
  newGroup,
  newTopic,
  outcomesOf,
  send,
  start,
  unhurried
} from "./world.ts"

/** Distinct keys, some of them poison. */
const batch = fc
  .integer({ min: 1, max: 100 })
  .chain((size) => fc.record({ size: fc.constant(size), poison: fc.uniqueArray(fc.nat(size - 1), { maxLength: 6 }) }))

const story = Effect.fnUntraced(function* ({ size, poison }: { size: number; poison: ReadonlyArray<number> }) {
  const sql = yield* SqlClient.SqlClient
  const [topic, group] = [newTopic(), newGroup()]
  const isPoison = new Set(poison)
  const runs = { executions: 0, batches: 0 }
  yield* send(topic, ...eachOf(keysOf("k", size)))
  const member = yield* start({
    group,
    entries: [
      Consumer.inDatabase(topic, {
        policy: unhurried,
        handle: Effect.fnUntraced(function* (deliveries) {
          runs.executions++
          yield* sql.unsafe(`INSERT INTO effects (consumer_group, n) SELECT $1, * FROM unnest($2::int[])`, [
            group,
            deliveries.map(({ event }) => event.n)
          ])
          // Its effect so far goes with it.
          if (deliveries.some(({ event }) => isPoison.has(event.n))) yield* new Unprocessable({ reason: "poison" })
        })
      })
    ]
  })
  yield* eventually(outcomesOf(group), (found) => (found["done"] ?? 0) + (found["dead"] ?? 0) === size)
  yield* member.stop
  const effects = yield* sql.unsafe<{ n: number }>(`SELECT n FROM effects WHERE consumer_group = $1 ORDER BY n`, [
    group
  ])
  assert.deepStrictEqual(
    effects.map(({ n }) => n),
    [...Array(size).keys()].filter((n) => !isPoison.has(n))
  )
  assert.deepStrictEqual(
    (yield* lettersOf(group)).map(({ key }) => key).toSorted(),
    poison.map((n) => `k${n}`).toSorted()
  )
  // One batch came, or one for each partition.
  assert.isAtMost(runs.executions, 2 + 2 * poison.length * Math.ceil(Math.log2(size)))
}, Effect.scoped)

layer(layerWorld, { excludeTestServices: true })("a batch that fails", (it) => {
  it.effect(
    "loses exactly the events at fault; every other has its effect once, after few executions",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE effects (consumer_group text, n int)`
        const run = Effect.runPromiseWith(yield* Effect.context<Effect.Services<ReturnType<typeof story>>>())
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(batch, (given) => run(story(given))),
            { numRuns: 25 }
          )
        )
      }),
    60_000
  )
})
