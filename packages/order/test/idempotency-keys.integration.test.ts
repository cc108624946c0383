import { assert, layer } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect, Fiber, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { Intake } from "../src/intake/intake.ts"
import * as Metrics from "../src/metrics.ts"
import { Http, json, layerServed, placeOver, request, startServing, statuses } from "./http.ts"
import { stuck, untilStuck, whileLocked } from "./locks.ts"
import { asking, increase, place, rows, startUseCases, storyOf, user } from "./orders.ts"

const unbounded = { concurrency: "unbounded" } as const
const keyed = (key: string) => ({ "idempotency-key": key })

layer(layerServed, { excludeTestServices: true })("an Idempotency-Key", (it) => {
  it.effect("with the same request gets the same answer to the byte, and orders once", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const before = yield* rows
      const first = yield* placeOver(http, {}, keyed("same"))
      const again = [
        yield* placeOver(http, {}, keyed("same")),
        yield* http("POST", "/order", json(request(), keyed("same"))),
        yield* placeOver(http, { items: Array.from({ length: 2 }, () => ({ item_id: 1, quantity: 1 })) }, keyed("same"))
      ]
      assert.strictEqual(first.status, 202)
      for (const answer of again) {
        assert.strictEqual(answer.status, 202)
        assert.strictEqual(answer.text, first.text)
        assert.strictEqual(answer.headers.get("location"), first.headers.get("location"))
      }
      assert.deepStrictEqual(increase(before, yield* rows), { orders: 1, items: 1, history: 1, outbox: 1, keys: 1 })
    })
  )

  it.effect("stays the customer's however the id is spelled", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const sql = yield* SqlClient.SqlClient
      const user_id = "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1f"
      yield* sql`INSERT INTO users (id, name, email) VALUES (${user_id}, 'Ada', 'ada@example.com')`
      const first = yield* placeOver(http, { user_id }, keyed("spelled"))
      const again = yield* placeOver(http, { user_id: user_id.toUpperCase() }, keyed("spelled"))
      assert.strictEqual(again.text, first.text)
    })
  )

  it.effect("with another request is refused, whatever is other about it, and nothing is left", () =>
    Effect.gen(function* () {
      const http = yield* Http
      yield* placeOver(http, {}, keyed("other"))
      const before = yield* rows
      for (const changes of [
        { items: [{ item_id: 1, quantity: 3 }] },
        { items: [{ item_id: 2, quantity: 2 }] },
        { payment_info: { method: "card", token: "tok_declined" } },
        { payment_info: { method: "voucher", token: "tok_ok" } }
      ]) {
        const answer = yield* placeOver(http, changes, keyed("other"))
        assert.strictEqual(answer.status, 422)
        assert.strictEqual(answer.body.type, "urn:flowforge:problem:idempotency-key-reused")
      }
      assert.deepStrictEqual(yield* rows, before)
    })
  )

  it.effect("belongs to its customer: another one's is another key", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const mine = yield* placeOver(http, { user_id: user(1) }, keyed("mine"))
      const yours = yield* placeOver(http, { user_id: user(2) }, keyed("mine"))
      assert.deepStrictEqual(statuses([mine, yours]), [202, 202])
      assert.notStrictEqual(mine.body.order_id, yours.body.order_id)
    })
  )

  it.effect("that is in flight is refused until its request is answered: of many at once one orders", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const before = yield* rows
      const { first, refused } = yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          const first = yield* Effect.forkScoped(placeOver(http, {}, keyed("in flight")))
          yield* untilStuck(1)
          const refused = yield* Effect.all(
            Array.from({ length: 3 }, () => placeOver(http, {}, keyed("in flight"))),
            unbounded
          )
          return { first, refused }
        })
      )
      for (const { body, headers, status } of refused) {
        assert.strictEqual(status, 409)
        assert.strictEqual(body.type, "urn:flowforge:problem:request-in-flight")
        assert.strictEqual(headers.get("retry-after"), "1")
      }
      const answer = yield* Fiber.join(first)
      assert.strictEqual((yield* placeOver(http, {}, keyed("in flight"))).text, answer.text)
      assert.strictEqual(increase(before, yield* rows).orders, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("twice among requests that are inserted together orders once", () =>
    Effect.gen(function* () {
      const intake = yield* Intake
      yield* place()
      const before = yield* rows
      const exits = yield* Effect.all(
        ["twice", "once", "twice"].map((key) => Effect.exit(intake.place(asking(user(1), key)))),
        unbounded
      )
      assert.deepStrictEqual(
        exits.map(({ _tag }) => _tag),
        ["Success", "Success", "Failure"]
      )
      assert.strictEqual(increase(before, yield* rows).orders, 2)
    })
  )

  it.effect("in flight in another process is waited for: both get the one answer", () =>
    Effect.gen(function* () {
      const here = yield* Http
      const there = yield* startServing()
      const before = yield* rows
      const fibers = yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          const first = yield* Effect.forkScoped(placeOver(here, {}, keyed("elsewhere")))
          yield* untilStuck(1)
          const second = yield* Effect.forkScoped(placeOver(there, {}, keyed("elsewhere")))
          yield* untilStuck(2)
          return [first, second]
        })
      )
      const [first, second] = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([first?.status, second?.status], [202, 202])
      assert.strictEqual(second?.text, first?.text)
      const other = yield* placeOver(there, { items: [{ item_id: 2, quantity: 1 }] }, keyed("elsewhere"))
      assert.strictEqual(other.status, 422)
      assert.strictEqual(increase(before, yield* rows).orders, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("does not deadlock two processes that insert the same keys in opposite orders", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const processes = [yield* startUseCases, yield* startUseCases]
      yield* Effect.forEach(processes, (process) => Effect.provide(place(), process))
      // Slow enough for both to be in the middle of it.
      yield* sql`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER dawdle BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION dawdle()`
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DROP FUNCTION dawdle CASCADE`))
      const before = yield* rows
      const keys = Array.from({ length: 20 }, (_, n) => `crossing ${n}`)
      const placeAll = (order: ReadonlyArray<string>) =>
        Intake.use((intake) => Effect.forEach(order, (key) => intake.place(asking(user(1), key)), unbounded))
      const [mine, yours] = yield* Effect.all(
        [Effect.provide(placeAll(keys), processes[0]!), Effect.provide(placeAll(keys.toReversed()), processes[1]!)],
        unbounded
      )
      assert.deepStrictEqual(
        mine.map(({ orderId }) => orderId),
        yours.map(({ orderId }) => orderId).toReversed()
      )
      assert.strictEqual(increase(before, yield* rows).orders, 20)
    }).pipe(Effect.scoped)
  )

  it.effect("of a client that went away answers afterwards: what waited is ordered all the same", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const before = yield* rows
      yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          yield* Effect.forkScoped(placeOver(http))
          yield* untilStuck(1)
          const gone = yield* Effect.forkScoped(placeOver(http, {}, keyed("gone")))
          yield* eventually(
            "it waits for its insert",
            Effect.map(Metric.value(Metrics.intakeQueue), ({ value }) => Number(value) === 1)
          )
          yield* Fiber.interrupt(gone)
        })
      )
      yield* eventually(
        "it is ordered",
        Effect.map(rows, (after) => increase(before, after).orders === 2)
      )
      const answer = yield* placeOver(http, {}, keyed("gone"))
      assert.strictEqual(answer.status, 202)
      assert.deepStrictEqual(increase(before, yield* rows), { orders: 2, items: 2, history: 2, outbox: 2, keys: 1 })
      assert.deepStrictEqual((yield* storyOf(answer.body.order_id)).history, ["PENDING"])
    }).pipe(Effect.scoped)
  )

  it.effect("of an insert that was killed is free again: nothing of it is left, and the next try orders", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const sql = yield* SqlClient.SqlClient
      const before = yield* rows
      const killed = yield* whileLocked(
        "outbox",
        Effect.gen(function* () {
          const request = yield* Effect.forkScoped(placeOver(http, {}, keyed("killed")))
          yield* untilStuck(1)
          const [backend] = yield* stuck
          yield* sql`SELECT pg_terminate_backend(${backend!.pid})`
          return yield* Fiber.join(request)
        })
      )
      assert.strictEqual(killed.status, 503, killed.text)
      assert.strictEqual(killed.headers.get("retry-after"), "1")
      assert.deepStrictEqual(yield* rows, before)
      assert.strictEqual((yield* placeOver(http, {}, keyed("killed"))).status, 202)
      assert.deepStrictEqual(increase(before, yield* rows), { orders: 1, items: 1, history: 1, outbox: 1, keys: 1 })
    }).pipe(Effect.scoped)
  )
})
