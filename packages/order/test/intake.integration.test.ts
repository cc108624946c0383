import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { Catalogue } from "../src/catalogue.ts"
import { Intake } from "../src/intake/intake.ts"
import { Http, layerServed, placeOver, startServing, statuses } from "./http.ts"
import { asking, increase, place, rows, storyOf, user } from "./orders.ts"

const unbounded = { concurrency: "unbounded" } as const

const transactionsOf = (ids: ReadonlyArray<OrderId>) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ transactions: number }>`
      SELECT count(DISTINCT xmin::text)::int AS transactions FROM orders WHERE id = ANY(${[...ids]}::uuid[])`
  ).pipe(Effect.map((found) => found[0]!.transactions))

layer(layerServed, { excludeTestServices: true })("taking orders in", (it) => {
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
