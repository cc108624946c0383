import { assert, layer } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect, Fiber, Metric } from "effect"
import { SqlClient } from "effect/sql"
import * as Metrics from "../src/metrics.ts"
import { json, placeOver, request, startProcess, startServing } from "./http.ts"
import { untilStuck, whileLocked } from "./locks.ts"
import { layerDatabase, rows, user } from "./orders.ts"

const counted = (metric: Metric.Counter<number>) => Effect.map(Metric.value(metric), ({ count }) => Number(count))

layer(layerDatabase, { excludeTestServices: true })("the intake's bounds", (it) => {
  it.effect("before the service is there it answers 503, and when to come back", () =>
    Effect.gen(function* () {
      const { send, serve } = yield* startProcess()
      const early = yield* placeOver(send)
      assert.strictEqual(early.status, 503)
      assert.strictEqual(early.headers.get("retry-after"), "1")
      assert.strictEqual(early.headers.get("content-type"), "application/problem+json")
      assert.strictEqual((yield* rows).orders, 0)
      yield* serve
      assert.strictEqual((yield* placeOver(send)).status, 202)
    }).pipe(Effect.scoped)
  )

  it.effect("exactly so many requests may wait for their insert, those that are still looked at among them", () =>
    Effect.gen(function* () {
      const send = yield* startServing({ ORDER_INTAKE_QUEUE: "3" })
      yield* placeOver(send)
      const before = yield* rows
      const refusals = yield* counted(Metrics.refusedByQueue)
      const { first, others } = yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          const first = yield* Effect.forkScoped(placeOver(send))
          yield* untilStuck(1)
          // Customers that this process has not seen yet: each is looked up before it can wait.
          const others = yield* Effect.forkScoped(
            Effect.all(
              Array.from({ length: 12 }, (_, n) => placeOver(send, { user_id: user(10 + n) })),
              { concurrency: "unbounded" }
            )
          )
          yield* eventually(
            "9 are refused",
            Effect.map(counted(Metrics.refusedByQueue), (count) => count - refusals === 9)
          )
          return { first, others }
        })
      )
      const answers = yield* Fiber.join(others)
      const refused = answers.filter(({ status }) => status === 429)
      assert.strictEqual(refused.length, 9)
      for (const { body, headers } of refused) {
        assert.strictEqual(headers.get("retry-after"), "1")
        assert.strictEqual(headers.get("content-type"), "application/problem+json")
        assert.strictEqual(body.type, "urn:flowforge:problem:too-many-requests")
      }
      assert.strictEqual((yield* Fiber.join(first)).status, 202)
      assert.strictEqual(answers.filter(({ status }) => status === 202).length, 3)
      assert.strictEqual((yield* rows).orders - before.orders, 4)
      assert.strictEqual((yield* placeOver(send)).status, 202)
    }).pipe(Effect.scoped)
  )

  it.effect(
    "too many old orders without an end close the intake, whatever their state in other processes, until they end",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE orders SET status = 'CONFIRMED'`
        const careful = yield* startServing({ ORDER_OPEN_ORDERS: "3", ORDER_OPEN_AGE: "0 millis" })
        const patient = yield* startServing({ ORDER_OPEN_ORDERS: "3", ORDER_OPEN_AGE: "1 hour" })
        for (let n = 0; n < 4; n++) assert.strictEqual((yield* placeOver(patient)).status, 202)
        const refusals = yield* counted(Metrics.refusedByOpenOrders)
        const refused = yield* placeOver(careful)
        const before = yield* rows
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.headers.get("retry-after"), "5")
        assert.strictEqual(refused.body.type, "urn:flowforge:problem:unavailable")
        assert.strictEqual((yield* placeOver(careful)).status, 503)
        assert.strictEqual((yield* counted(Metrics.refusedByOpenOrders)) - refusals, 2)
        assert.strictEqual((yield* placeOver(patient)).status, 202)
        assert.strictEqual((yield* rows).orders - before.orders, 1)
        assert.strictEqual((yield* careful("GET", "/orders")).status, 200)
        yield* sql`UPDATE orders SET status = 'CONFIRMED' WHERE id IN (SELECT id FROM orders WHERE status = 'PENDING' LIMIT 2)`
        yield* eventually(
          "it accepts again",
          Effect.map(placeOver(careful), ({ status }) => status === 202)
        )
      }).pipe(Effect.scoped)
  )

  it.effect("accepted orders and the size of their batches are counted, refused ones are not", () =>
    Effect.gen(function* () {
      const send = yield* startServing()
      const read = Effect.gen(function* () {
        const { count, sum } = yield* Metric.value(Metrics.intakeBatch)
        return { accepted: yield* counted(Metrics.accepted), batches: count, orders: sum }
      })
      const before = yield* read
      const keyed = { "idempotency-key": "counted" }
      yield* placeOver(send, {}, keyed)
      yield* placeOver(send, {}, keyed)
      yield* placeOver(send, { user_id: user(999) })
      yield* send("POST", "/orders", json({ ...request(), items: [] }))
      const after = yield* read
      assert.strictEqual(after.accepted - before.accepted, 1)
      assert.strictEqual(after.batches - before.batches, 2)
      assert.strictEqual(after.orders - before.orders, 2)
    }).pipe(Effect.scoped)
  )
})
