import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Context, Effect, Fiber, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import * as Metrics from "../src/metrics.ts"
import { type Answer, json, placeOver, request, type Send, startServing } from "./http.ts"
import { stuck, untilStuck, whileLocked } from "./locks.ts"
import { layerDatabase, rows, storyOf, user } from "./orders.ts"

class Http extends Context.Service<Http, Send>()("test/Http") {
  static readonly layer = Layer.effect(Http, startServing())
}

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

/** Waits until so many requests wait behind the insert that is under way. */
const untilQueued = (count: number) =>
  eventually(
    `${count} requests wait`,
    Effect.map(Metric.value(Metrics.intakeQueue), ({ value }) => Number(value) === count)
  )

/** Sends requests that all wait together before any of them is inserted but the first; then lets them go. */
const pileUp = (send: Send, posts: ReadonlyArray<Effect.Effect<Answer>>) =>
  whileLocked(
    "orders",
    Effect.gen(function* () {
      const first = yield* Effect.forkScoped(placeOver(send))
      yield* untilStuck(1)
      const others = yield* Effect.forkScoped(Effect.all(posts, unbounded))
      yield* untilQueued(posts.length)
      return { first, others }
    })
  ).pipe(
    Effect.flatMap(({ first, others }) => Effect.all([Fiber.join(first), Fiber.join(others)])),
    Effect.map(([, answers]) => answers)
  )

const transactionsOf = (ids: ReadonlyArray<OrderId>) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ transactions: number }>`
      SELECT count(DISTINCT xmin::text)::int AS transactions FROM orders WHERE id = ANY(${[...ids]}::uuid[])`
  ).pipe(Effect.map((found) => found[0]!.transactions))

layer(Http.layer.pipe(Layer.provideMerge(layerDatabase)), { excludeTestServices: true })("taking orders in", (it) => {
  it.effect("requests that arrive together share a transaction, and each gets its own order, whole and once", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const before = yield* rows
      const posts = Array.from({ length: 300 }, (_, n) => placeOver(http, { user_id: user(1 + (n % 50)) }))
      const answers = yield* pileUp(http, posts)
      assert.deepStrictEqual(new Set(statuses(answers)), new Set([202]))
      const ids = answers.map(({ body }) => body.order_id as OrderId)
      assert.strictEqual(new Set(ids).size, 300)
      // At most 250 at once.
      assert.strictEqual(yield* transactionsOf(ids), 2)
      assert.deepStrictEqual(increase(before, yield* rows), {
        orders: 301,
        items: 301,
        history: 301,
        outbox: 301,
        keys: 0
      })
      for (const id of ids) {
        assert.deepStrictEqual(yield* storyOf(id), { history: ["PENDING"], said: ["order.created"] })
      }
    }).pipe(Effect.scoped)
  )

  it.effect("of requests that are inserted together only the one at fault fails", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const sql = yield* SqlClient.SqlClient
      // Known from now on, and gone when it comes to the insert.
      yield* placeOver(http, { user_id: user(99), items: [{ item_id: 999, quantity: 1 }] })
      yield* sql`DELETE FROM users WHERE id = ${user(99)}`
      const before = yield* rows
      const posts = Array.from({ length: 20 }, (_, n) =>
        placeOver(http, { user_id: user(n === 13 ? 99 : 1) }, keyed(`fault-${n}`))
      )
      const answers = yield* pileUp(http, posts)
      assert.deepStrictEqual(
        statuses(answers),
        Array.from({ length: 20 }, (_, n) => (n === 13 ? 500 : 202))
      )
      assert.deepStrictEqual(increase(before, yield* rows), {
        orders: 20,
        items: 20,
        history: 20,
        outbox: 20,
        keys: 19
      })
    }).pipe(Effect.scoped)
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

layer(Http.layer.pipe(Layer.provideMerge(layerDatabase)), { excludeTestServices: true })("an Idempotency-Key", (it) => {
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
            Array.from({ length: 10 }, () => placeOver(http, {}, keyed("in flight"))),
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
      const http = yield* Http
      const before = yield* rows
      const same = () => placeOver(http, {}, keyed("twice"))
      const answers = yield* Effect.all(
        [...Array.from({ length: 30 }, same), ...Array.from({ length: 30 }, () => placeOver(http))],
        unbounded
      )
      const accepted = answers.slice(0, 30).filter(({ status }) => status === 202)
      assert.strictEqual(new Set(accepted.map(({ text }) => text)).size, 1)
      assert.strictEqual(increase(before, yield* rows).orders, 31)
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
      const here = yield* Http
      const there = yield* startServing()
      const sql = yield* SqlClient.SqlClient
      // Slow enough for both to be in the middle of it.
      yield* sql`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER dawdle BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION dawdle()`
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DROP FUNCTION dawdle CASCADE`))
      const before = yield* rows
      const keys = Array.from({ length: 20 }, (_, n) => `crossing ${n}`)
      const posts = (send: Send, order: ReadonlyArray<string>) =>
        Effect.forkScoped(Effect.forEach(order, (key) => placeOver(send, {}, keyed(key)), unbounded))
      const [mine, yours] = yield* whileLocked(
        "orders",
        Effect.gen(function* () {
          yield* Effect.forkScoped(placeOver(here))
          yield* Effect.forkScoped(placeOver(there))
          yield* untilStuck(2)
          const mine = yield* posts(here, keys)
          yield* untilQueued(20)
          yield* Metric.update(Metrics.intakeQueue, 0)
          const yours = yield* posts(there, keys.toReversed())
          yield* untilQueued(20)
          return [mine, yours] as const
        })
      ).pipe(Effect.flatMap(([mine, yours]) => Effect.all([Fiber.join(mine), Fiber.join(yours)])))
      assert.deepStrictEqual(new Set(statuses([...mine, ...yours])), new Set([202]))
      assert.deepStrictEqual(
        mine.map(({ text }) => text),
        yours.map(({ text }) => text).toReversed()
      )
      assert.strictEqual(increase(before, yield* rows).orders, 22)
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
          yield* untilQueued(1)
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
