import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect, Exit, Fiber, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { Catalogue } from "../src/catalogue.ts"
import { Intake } from "../src/intake/intake.ts"
import * as Metrics from "../src/metrics.ts"
import { type Answer, Http, json, placeOver, request, startServing } from "./http.ts"
import { stuck, untilStuck, whileLocked } from "./locks.ts"
import { asking, layerOutside, layerUseCases, place, rows, startUseCases, storyOf, user } from "./orders.ts"

const world = Layer.mergeAll(Http.layer, layerUseCases).pipe(Layer.provideMerge(layerOutside))

const unbounded = { concurrency: "unbounded" } as const
const keyed = (key: string) => ({ "idempotency-key": key })
const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)
const increase = (before: Effect.Success<typeof rows>, after: Effect.Success<typeof rows>) => ({
  orders: after.orders - before.orders,
  items: after.items - before.items,
  history: after.history - before.history,
  outbox: after.outbox - before.outbox,
  keys: after.keys - before.keys
})

const transactionsOf = (ids: ReadonlyArray<OrderId>) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ transactions: number }>`
      SELECT count(DISTINCT xmin::text)::int AS transactions FROM orders WHERE id = ANY(${[...ids]}::uuid[])`
  ).pipe(Effect.map((found) => found[0]!.transactions))

layer(world, { excludeTestServices: true })("taking orders in", (it) => {
  it.effect("requests that arrive together share a transaction, and each gets its own order, whole and once", () =>
    Effect.gen(function* () {
      const intake = yield* Intake
      yield* place()
      const before = yield* rows
      const accepted = yield* Effect.all(
        Array.from({ length: 300 }, () => intake.place(asking(user(1)))),
        unbounded
      )
      const ids = accepted.map(({ orderId }) => orderId)
      assert.strictEqual(new Set(ids).size, 300)
      // At most 250 at once.
      assert.isAtMost(yield* transactionsOf(ids), 3)
      assert.deepStrictEqual(increase(before, yield* rows), {
        orders: 300,
        items: 300,
        history: 300,
        outbox: 300,
        keys: 0
      })
      for (const id of ids) {
        assert.deepStrictEqual(yield* storyOf(id), { history: ["PENDING"], said: ["order.created"] })
      }
    })
  )

  it.effect("over HTTP as well, from many customers: every 202 is an order, and they share transactions", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const before = yield* rows
      const posts = Array.from({ length: 100 }, (_, n) => placeOver(http, { user_id: user(1 + n) }))
      const answers = yield* Effect.all(posts, unbounded)
      assert.deepStrictEqual(new Set(statuses(answers)), new Set([202]))
      const ids = answers.map(({ body }) => body.order_id as OrderId)
      assert.isBelow(yield* transactionsOf(ids), 100)
      assert.strictEqual(new Set(ids).size, 100)
      assert.strictEqual(increase(before, yield* rows).orders, 100)
      for (const id of ids) assert.deepStrictEqual((yield* storyOf(id)).said, ["order.created"])
    })
  )

  it.effect("of requests that are inserted together only the one at fault fails", () =>
    Effect.gen(function* () {
      const intake = yield* Intake
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO users (id, name, email) VALUES (${user(101)}, 'Gone', 'gone@example.com')`
      // Known from now on, and gone when it comes to the insert.
      assert.isTrue(yield* Catalogue.use((catalogue) => catalogue.knowsUser(user(101))))
      yield* sql`DELETE FROM users WHERE id = ${user(101)}`
      yield* place()
      const before = yield* rows
      const exits = yield* Effect.all(
        Array.from({ length: 20 }, (_, n) => Effect.exit(intake.place(asking(user(n === 13 ? 101 : 1), `fault ${n}`)))),
        unbounded
      )
      assert.deepStrictEqual(
        exits.map(({ _tag }) => _tag),
        Array.from({ length: 20 }, (_, n) => (n === 13 ? "Failure" : "Success"))
      )
      const ids = exits.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value.orderId] : []))
      assert.isBelow(yield* transactionsOf(ids), 19)
      assert.deepStrictEqual(increase(before, yield* rows), {
        orders: 19,
        items: 19,
        history: 19,
        outbox: 19,
        keys: 19
      })
    })
  )

  it.effect("prices come from the catalogue, the same item twice is added up, and ids have one spelling", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO users (id, name, email) VALUES ('019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e', 'Ada', 'ada@example.com')`
      const answer = yield* placeOver(http, {
        user_id: "019AB1F0-5C00-7A3E-9C1D-2F4B6A8C0D1E",
        items: [
          { item_id: 2, quantity: 2, price: 0.01 },
          { item_id: 1, quantity: 1 },
          { item_id: 2, quantity: 1 }
        ],
        total_amount: 0.01
      })
      const { order_id } = answer.body
      assert.strictEqual(answer.headers.get("location"), `/orders/${order_id}`)
      assert.deepStrictEqual(answer.body, {
        order_id,
        status: "PENDING",
        total_amount: 24.47,
        links: { self: `/orders/${order_id}`, cancel: `/orders/${order_id}/cancel` }
      })
      const [said] = yield* sql<{ value: Uint8Array }>`SELECT value FROM outbox WHERE key = ${order_id}`
      const { event_id, timestamp, ...event } = JSON.parse(Buffer.from(said!.value).toString())
      assert.isString(event_id)
      assert.isString(timestamp)
      assert.deepStrictEqual(event, {
        event_type: "order.created",
        order: {
          order_id,
          user_id: "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e",
          items: [
            { item_id: 2, quantity: 3 },
            { item_id: 1, quantity: 1 }
          ],
          total_amount: 24.47,
          payment: { method: "card", token: "tok_ok" }
        }
      })
    })
  )

  it.effect(
    "an order may be as dear as an amount can be, exact to the cent in the answer, the table and the event",
    () =>
      Effect.gen(function* () {
        const http = yield* Http
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO items (id, name, price, initial, available)
        SELECT n, 'Dear ' || n, 9999999999 - n, 1, 1 FROM generate_series(100, 199) n`
        const items = Array.from({ length: 100 }, (_, n) => ({ item_id: 100 + n, quantity: 1000 }))
        const cents = items.reduce(
          (sum, { item_id, quantity }) => sum + (9_999_999_999n - BigInt(item_id)) * BigInt(quantity),
          0n
        )
        for (const [lines, expected] of [
          [items, cents],
          [[{ item_id: 4, quantity: 1000 }], 1_000_000_000_000_000n]
        ] as const) {
          const answer = yield* placeOver(http, { items: lines })
          assert.strictEqual(answer.status, 202, answer.text)
          assert.strictEqual(BigInt(answer.body.total_amount * 100), expected)
          const { order_id } = answer.body
          const [stored] = yield* sql<{ total: string; value: Uint8Array }>`
          SELECT total_amount::text AS total, value FROM orders JOIN outbox ON key = orders.id::text WHERE orders.id = ${order_id}`
          assert.strictEqual(stored?.total, String(expected))
          assert.strictEqual(
            JSON.parse(Buffer.from(stored!.value).toString()).order.total_amount,
            answer.body.total_amount
          )
          const details = yield* http("GET", `/orders/${order_id}`)
          assert.strictEqual(details.body.total_amount, answer.body.total_amount)
        }
      })
  )

  it.effect("a price that changes is asked from the next refresh on, and a new item can be had at once", () =>
    Effect.gen(function* () {
      const http = yield* startServing({ ORDER_CATALOGUE_REFRESH: "20 millis" })
      const sql = yield* SqlClient.SqlClient
      const costs = (item_id: number) =>
        Effect.map(placeOver(http, { items: [{ item_id, quantity: 1 }] }), ({ body }) => body.total_amount)
      assert.strictEqual(yield* costs(3), 1000)
      yield* sql`INSERT INTO items (id, name, price, initial, available) VALUES (50, 'New', 4200, 1, 1)`
      assert.strictEqual(yield* costs(50), 42)
      yield* sql`UPDATE items SET price = 5 WHERE id = 50`
      yield* eventually(
        "the new price",
        Effect.map(costs(50), (cost) => cost === 0.05)
      )
    }).pipe(Effect.scoped)
  )

  it.effect("an order goes on with the trace of its request, if that is one", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const sql = yield* SqlClient.SqlClient
      const traceOf = (traceparent: string) =>
        Effect.gen(function* () {
          const { body } = yield* placeOver(http, {}, { traceparent })
          const [row] = yield* sql<{ headers: Uint8Array }>`SELECT headers FROM outbox WHERE key = ${body.order_id}`
          return JSON.parse(Buffer.from(row!.headers).toString()).traceparent as string | undefined
        })
      const trace = "0af7651916cd43dd8448eb211c80319c"
      assert.match(
        (yield* traceOf(`00-${trace}-b7ad6b7169203331-01`)) ?? "",
        new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`, "u")
      )
      assert.notInclude((yield* traceOf("4242424242424242 and more")) ?? "", "4242424242424242")
    })
  )
})

layer(world, { excludeTestServices: true })("an Idempotency-Key", (it) => {
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
