import { assert, layer } from "@effect/vitest"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Layer, Ref, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import {
  Consumer,
  DependencyUnavailable,
  message,
  Outbox,
  type Topic,
  Unprocessable,
  Wakeups
} from "../../src/index.ts"
import * as PostgresBroker from "../../src/postgres/index.ts"

const Ordered = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.Literal("thing.ordered"),
  timestamp: Schema.String,
  thing: Schema.String,
  n: Schema.Int
})
const topic: Topic<"thing.ordered", typeof Ordered.Type> = {
  name: "thing.ordered",
  schema: Ordered,
  key: (event) => event.thing,
  partitions: 2,
  retention: Duration.days(1),
  deadLetterTopic: "thing.ordered.dlq"
}
const ordered = (thing: string, n: number): typeof Ordered.Type => ({
  event_id: v7(),
  event_type: "thing.ordered",
  timestamp: "2026-11-23T00:00:00.000Z",
  thing,
  n
})

const outside = Layer.mergeAll(PostgresBroker.layer, Outbox.layer("test")).pipe(
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerTestDatabase)
)

const outcomes = (group: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ outcome: string; n: number }>`
    SELECT outcome, count(*)::int AS n FROM processed_events WHERE consumer_group = ${group} GROUP BY 1`
  ).pipe(Effect.map((rows) => Object.fromEntries(rows.map((row) => [row.outcome, row.n]))))

const fast = { backoff: { base: "20 millis", cap: "50 millis" }, maxAttempts: 4, inlineBudget: "1 second" } as const

layer(outside, { excludeTestServices: true })("a consumer", (it) => {
  it.effect("hands each event to its handler once, in one transaction with the delivery record", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      yield* sql`CREATE TABLE seen (thing text, n int)`
      const events = Array.from({ length: 50 }, (_, n) => ordered(`t${n % 5}`, n))
      yield* sql.withTransaction(
        outbox.append([...events, ...events.slice(0, 20)].map((event) => message(topic, event)))
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(
            Consumer.layer({
              group: "once",
              entries: [
                Consumer.inDatabase(topic, {
                  handle: (deliveries) =>
                    sql`INSERT INTO seen SELECT * FROM unnest(
                      ${deliveries.map(({ event }) => event.thing)}::text[], ${deliveries.map(({ event }) => event.n)}::int[])`
                })
              ]
            })
          )
          yield* eventually(
            "the group has got there",
            Effect.map(outcomes("once"), (found) => found["done"] === 50)
          )
        })
      )
      const rows = yield* sql<{ n: number }>`SELECT n FROM seen`
      assert.deepStrictEqual(
        rows.map((row) => row.n).toSorted((a, b) => a - b),
        events.map((event) => event.n)
      )
    })
  )

  it.effect("finds the one at fault, parks it with what comes behind it, and does the others", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const failing = yield* Ref.make(true)
      const seen = yield* Ref.make<ReadonlyArray<number>>([])
      const events = Array.from({ length: 40 }, (_, n) => ordered(`u${n % 8}`, n))
      yield* sql.withTransaction(outbox.append(events.map((event) => message(topic, event))))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(
            Consumer.layer({
              group: "parking",
              entries: [
                Consumer.inDatabase(topic, {
                  policy: { ...fast, maxAttempts: 1000 },
                  handle: Effect.fnUntraced(function* (deliveries) {
                    const mine = deliveries.filter(({ key }) => key.startsWith("u"))
                    if ((yield* Ref.get(failing)) && mine.some(({ event }) => event.n === 3)) throw new Error("a bug")
                    yield* sql.afterCommit(Ref.update(seen, (all) => [...all, ...mine.map(({ event }) => event.n)]))
                  })
                })
              ]
            })
          )
          yield* eventually(
            "the group has got there",
            Effect.map(Ref.get(seen), (all) => all.length === 35)
          )
          assert.isFalse(
            (yield* Ref.get(seen)).some((n) => n % 8 === 3),
            "the key is held back"
          )
          yield* Ref.set(failing, false)
          yield* eventually(
            "the group has got there",
            Effect.map(Ref.get(seen), (all) => all.length === 40)
          )
        })
      )
      assert.deepStrictEqual(
        (yield* Ref.get(seen)).filter((n) => n % 8 === 3),
        [3, 11, 19, 27, 35],
        "in their order"
      )
      assert.deepStrictEqual(yield* sql`SELECT * FROM parked_keys`, [])
    })
  )

  it.effect("makes a dead letter of what no retry can help, and of what failed too often, and goes on", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const events = [ordered("v1", 1), ordered("v2", 2), ordered("v2", 3), ordered("v3", 4)]
      yield* sql.withTransaction(outbox.append(events.map((event) => message(topic, event))))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(
            Consumer.layer({
              group: "dying",
              entries: [
                Consumer.calling(topic, {
                  policy: fast,
                  concurrency: 4,
                  prepare: (deliveries) => Effect.succeed(deliveries.map(({ key }) => key)),
                  call: ({ event }, key) =>
                    key === "v1"
                      ? Effect.fail(new Unprocessable({ reason: "impossible" }))
                      : key === "v2" && event.n === 2
                        ? Effect.die(new Error("always"))
                        : Effect.succeed(event.n),
                  record: () => Effect.void
                })
              ]
            })
          )
          yield* eventually(
            "the group has got there",
            Effect.map(
              sql<{ key: string; attempts: number; error: string }>`
                SELECT key, attempts, error FROM dead_letters WHERE consumer_group = 'dying' ORDER BY key`,
              (letters) => letters.length === 2 && letters[1]!.attempts === 4
            )
          )
          yield* eventually(
            "the group has got there",
            Effect.map(outcomes("dying"), (found) => found["dead"] === 2 && found["parked"] === undefined)
          )
        })
      )
      const published = yield* sql<{ key: string }>`SELECT key FROM outbox WHERE topic = 'thing.ordered.dlq'`
      assert.deepStrictEqual(published.map((row) => row.key).toSorted(), ["v1", "v2"])
    })
  )

  it.effect("waits, and spends nobody's attempts, while a dependency is down for everybody", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const down = yield* Ref.make(true)
      const events = Array.from({ length: 60 }, (_, n) => ordered(`w${n}`, n))
      yield* sql.withTransaction(outbox.append(events.map((event) => message(topic, event))))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(
            Consumer.layer({
              group: "waiting",
              entries: [
                Consumer.calling(topic, {
                  policy: fast,
                  concurrency: 4,
                  prepare: (deliveries) => Effect.succeed(deliveries.map(() => undefined)),
                  call: () =>
                    Effect.flatMap(Ref.get(down), (isDown) =>
                      isDown
                        ? Effect.fail(new DependencyUnavailable({ dependency: "gateway", reason: "refused" }))
                        : Effect.void
                    ),
                  record: () => Effect.void
                })
              ]
            })
          )
          yield* Effect.sleep("1500 millis")
          const before = yield* outcomes("waiting")
          assert.isAtMost(before["parked"] ?? 0, 10, "only those before the circuit opened")
          assert.isUndefined(before["dead"])
          yield* Ref.set(down, false)
          yield* eventually(
            "the group has got there",
            Effect.map(outcomes("waiting"), (found) => (found["done"] ?? 0) >= 60)
          )
        })
      )
    })
  )
})
