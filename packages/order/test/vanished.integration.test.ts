import { assert, layer } from "@effect/vitest"
import type { UserId } from "@flowforge/contracts"
import { isPassing, layerPostgres } from "@flowforge/platform"
import { eventually, TestDatabase } from "@flowforge/testkit"
import { Context, Effect, Fiber, Layer, Metric, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Intake } from "../src/intake/intake.ts"
import * as Metrics from "../src/metrics.ts"
import { untilStuck, whileLocked } from "./locks.ts"
import { asking, increase, layerOutside, rows, startByTestClock, user } from "./orders.ts"
import { vanishingDatabase } from "./vanishing.ts"

/** An intake by a clock that the test sets, its connections being those of a process. */
const startIntake = (url: Redacted.Redacted, variables?: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const pool = yield* Layer.build(layerPostgres({ url, applicationName: "order", maxConnections: 10 }))
    const { clock, useCases } = yield* Effect.provide(startByTestClock(variables), pool)
    return { clock, intake: Context.get(useCases, Intake) }
  })

layer(layerOutside, { excludeTestServices: true })("a database whose host has vanished", (it) => {
  for (const key of [undefined, "vanished"]) {
    it.effect(`is not waited for, ${key === undefined ? "without a key" : "with one"}: orders are taken again`, () =>
      Effect.gen(function* () {
        const database = yield* vanishingDatabase
        const { clock, intake } = yield* startIntake(database.url)
        // A connection that is left behind would keep the pool from closing.
        yield* Effect.addFinalizer(() => database.closes)
        yield* intake.place(asking(user(1)))
        const before = yield* rows
        yield* database.vanishes
        const placing = yield* Effect.forkScoped(Effect.flip(intake.place(asking(user(1), key))))
        yield* eventually(
          "the insert is sent",
          Effect.map(database.swallowed, (bytes) => bytes > 0)
        )
        yield* database.comesBack
        yield* clock.adjust("7999 millis")
        assert.isUndefined(placing.pollUnsafe())
        yield* eventually(
          "it is answered",
          Effect.map(clock.adjust("1 second"), () => placing.pollUnsafe() !== undefined)
        )
        assert.isTrue(isPassing(yield* Fiber.join(placing)))
        yield* intake.place(asking(user(1), key))
        assert.strictEqual(increase(before, yield* rows).orders, 1)
      }).pipe(Effect.scoped)
    )
  }
})

const ordersOf = (customer: UserId) =>
  SqlClient.SqlClient.use((sql) => sql`SELECT id FROM orders WHERE user_id = ${customer}::uuid`).pipe(
    Effect.map((found) => found.length)
  )

layer(layerOutside, { excludeTestServices: true })("a request that waits for its insert", (it) => {
  it.effect("until its client has been told that it took too long leaves no order, and its key is free", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const { clock, intake } = yield* startIntake(url, { ORDER_INTAKE_BATCH: "1" })
      const late = yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          yield* Effect.forkScoped(Effect.exit(intake.place(asking(user(1)))))
          yield* untilStuck(1)
          // It has its turn when the first is cut off, and is in hand when the time of all of them is over.
          yield* Effect.forkScoped(Effect.exit(intake.place(asking(user(1)))))
          const late = yield* Effect.forkScoped(Effect.flip(intake.place(asking(user(2), "late"))))
          yield* eventually(
            "both wait",
            Effect.map(Metric.value(Metrics.intakeQueue), ({ value }) => Number(value) === 2)
          )
          yield* clock.adjust("20 seconds")
          return late
        })
      )
      assert.strictEqual((yield* Fiber.join(late))._tag, "Unavailable")
      assert.strictEqual(yield* ordersOf(user(2)), 0)
      yield* intake.place(asking(user(2), "late"))
      assert.strictEqual(yield* ordersOf(user(2)), 1)
    }).pipe(Effect.scoped)
  )
})
