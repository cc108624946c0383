import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { Effect, Fiber, Latch } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { type Answer, Http, layerServed, placeOver } from "./http.ts"
import { confirm, inTransaction, outOfStock, place, refunded, storyOf, unpaid, user, writeReceipt } from "./orders.ts"

const get = (path: string) => Effect.flatMap(Http, (http) => http("GET", path))
const cancel = (order: OrderId) => Effect.flatMap(Http, (http) => http("POST", `/orders/${order}/cancel`))

/** Follows the pages to their end, doing something between any two of them. */
const pages = <E, R>(path: string, between: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    let next: string | undefined = ""
    while (next !== undefined) {
      const { body, status }: Answer = yield* get(`${path}${next}`)
      assert.strictEqual(status, 200)
      seen.push(...body.orders.map((order: { order_id: string }) => order.order_id))
      yield* between
      next = body.next_cursor === undefined ? undefined : `&cursor=${body.next_cursor}`
    }
    return seen
  })

layer(layerServed, { excludeTestServices: true })("orders over HTTP", (it) => {
  it.effect("the pages show every order that was there at the start, newest first and once, while orders arrive", () =>
    Effect.gen(function* () {
      const there: Array<OrderId> = []
      for (let n = 0; n < 60; n++) there.push(yield* place(user(1 + (n % 3))))
      yield* confirm(...there.filter((_, n) => n % 2 === 0))
      const newestFirst = there.toReversed()
      const arriving = yield* Effect.forkScoped(Effect.forever(place(user(1))))
      const arrive = Effect.all([place(user(1)), place(user(2))])
      for (const [path, expected] of [
        ["/orders?limit=7", newestFirst],
        ["/orders?limit=7&status=CONFIRMED", newestFirst.filter((id) => there.indexOf(id) % 2 === 0)],
        ["/orders?limit=7&status=PENDING", newestFirst.filter((id) => there.indexOf(id) % 2 === 1)],
        [`/orders/user/${user(2)}?limit=7`, newestFirst.filter((id) => there.indexOf(id) % 3 === 1)],
        [
          `/orders/user/${user(2).toUpperCase()}?limit=1&status=CONFIRMED`,
          newestFirst.filter((id) => there.indexOf(id) % 6 === 4)
        ]
      ] as const) {
        const seen = yield* pages(path, arrive)
        assert.strictEqual(new Set(seen).size, seen.length, "no order twice")
        assert.deepStrictEqual(seen, seen.toSorted().toReversed(), "newest first")
        assert.deepStrictEqual(
          seen.filter((id) => there.includes(id as OrderId)),
          expected
        )
      }
      yield* Fiber.interrupt(arriving)
    }).pipe(Effect.scoped)
  )

  it.effect("a page has 20 orders when nobody says how many, and the last one has no cursor", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 21; n++) yield* place(user(10))
      const first = yield* get(`/orders/user/${user(10)}`)
      assert.strictEqual(first.body.orders.length, 20)
      const last = yield* get(`/orders/user/${user(10)}?cursor=${first.body.next_cursor}`)
      assert.strictEqual(last.body.orders.length, 1)
      assert.notProperty(last.body, "next_cursor")
      const whole = yield* get(`/orders/user/${user(10)}?limit=21`)
      assert.notProperty(whole.body, "next_cursor")
    })
  )

  it.effect("a customer without orders, known or not, has an empty page", () =>
    Effect.gen(function* () {
      for (const id of [user(77), user(777)]) {
        const { body, status } = yield* get(`/orders/user/${id}`)
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(body, { orders: [] })
      }
    })
  )

  it.effect("an order shows its items with amounts, its history with times and causes, and what can be done next", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const placed = yield* placeOver(http, {
        user_id: user(20),
        items: [
          { item_id: 2, quantity: 3 },
          { item_id: 1, quantity: 2 }
        ]
      })
      const order = placed.body.order_id as OrderId
      const pending = (yield* get(`/orders/${order.toUpperCase()}`)).body
      const { created_at } = pending
      const [accepted] = pending.history
      assert.deepStrictEqual(pending, {
        order_id: order,
        user_id: user(20),
        status: "PENDING",
        total_amount: 36.97,
        created_at,
        links: { self: `/orders/${order}`, cancel: `/orders/${order}/cancel` },
        items: [
          { item_id: 1, quantity: 2, price: 12.5, amount: 25 },
          { item_id: 2, quantity: 3, price: 3.99, amount: 11.97 }
        ],
        history: [{ state: "PENDING", at: accepted.at, cause: "accepted" }],
        trouble: []
      })
      assert.strictEqual(new Date(accepted.at).toISOString(), accepted.at)
      assert.strictEqual(new Date(created_at).toISOString(), created_at)

      yield* confirm(order)
      const confirmed = (yield* get(`/orders/${order}`)).body
      assert.deepStrictEqual(confirmed.links, { self: `/orders/${order}` })
      assert.deepStrictEqual(
        confirmed.history.map(({ cause, state }: { cause: string; state: string }) => [state, cause]),
        [
          ["PENDING", "accepted"],
          ["CONFIRMED", "inventory.reserved"]
        ]
      )
      yield* writeReceipt(order)
      const receipted = (yield* get(`/orders/${order}`)).body
      assert.deepStrictEqual(receipted.links, { self: `/orders/${order}`, receipt: `/orders/${order}/receipt` })
    })
  )

  it.effect("a cancelled order says why, what was missing and that the money went back", () =>
    Effect.gen(function* () {
      const [missing, declined] = [yield* place(user(21)), yield* place(user(21))]
      yield* inTransaction((it) => it.cancelOutOfStock([outOfStock(missing)]))
      yield* inTransaction((it) => it.recordRefunds([refunded(missing)]))
      yield* inTransaction((it) => it.cancelUnpaid([unpaid(declined, "insufficient funds")]))
      const { body } = yield* get(`/orders/${missing}`)
      assert.strictEqual(body.cancel_reason, "OUT_OF_STOCK")
      assert.deepStrictEqual(body.failed_items, [{ item_id: 1, requested: 1, available: 0 }])
      assert.deepStrictEqual(
        body.history.map(({ cause, state }: { cause: string; state: string }) => [state, cause]),
        [
          ["PENDING", "accepted"],
          ["CANCELLED", "out of stock"],
          ["REFUNDED", "money returned"]
        ]
      )
      const other = yield* get(`/orders/${declined}`)
      assert.strictEqual(other.body.cancel_reason, "PAYMENT_FAILED")
      assert.strictEqual(other.body.history[1].cause, "payment failed: insufficient funds")
      assert.notProperty(other.body, "failed_items")
    })
  )

  it.effect(
    "an order shows what holds it up: events that wait for their next attempt, and dead letters that are open",
    () =>
      Effect.gen(function* () {
        const order = yield* place(user(22))
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO parked_keys (consumer_group, topic, key, next_attempt_at)
        VALUES ('payment', 'order.created', ${order}, '2026-11-23T08:00:00.5Z')`
        yield* sql`INSERT INTO parked_events (consumer_group, topic, key, event_id, partition, broker_offset, value, headers, attempts, error)
        VALUES ('payment', 'order.created', ${order}, ${v7()}, 0, '1', '', '', 3, 'the gateway answered 500')`
        yield* sql`INSERT INTO dead_letters (id, consumer_group, topic, partition, broker_offset, key, event_id, headers, error_kind, error, attempts, state)
        SELECT gen_random_uuid(), 'inventory', 'payment.succeeded', 0, '1', ${order}, gen_random_uuid(), '', 'retryable', 'a bug', 8, state
        FROM unnest(ARRAY['open', 'replayed', 'discarded']) state`
        const { body } = yield* get(`/orders/${order.toUpperCase()}`)
        assert.deepStrictEqual(
          body.trouble.toSorted((a: { kind: string }, b: { kind: string }) => b.kind.localeCompare(a.kind)),
          [
            {
              kind: "parked",
              topic: "order.created",
              consumer_group: "payment",
              attempts: 3,
              error: "the gateway answered 500",
              next_attempt_at: "2026-11-23T08:00:00.500Z"
            },
            {
              kind: "dead_letter",
              topic: "payment.succeeded",
              consumer_group: "inventory",
              attempts: 8,
              error: "a bug"
            }
          ]
        )
      })
  )

  it.effect("where an order stands can be asked alone", () =>
    Effect.gen(function* () {
      const order = yield* place(user(23))
      assert.deepStrictEqual((yield* get(`/orders/${order}/status`)).body, { order_id: order, status: "PENDING" })
      yield* confirm(order)
      const { body } = yield* get(`/orders/${order.toUpperCase()}/status`)
      assert.deepStrictEqual(body, { order_id: order, status: "CONFIRMED" })
    })
  )

  it.effect("an open order can be cancelled, twice with the same answer; a confirmed one no more", () =>
    Effect.gen(function* () {
      const [open, confirmed] = [yield* place(user(24)), yield* place(user(24))]
      const first = yield* cancel(open.toUpperCase() as OrderId)
      assert.strictEqual(first.status, 200)
      assert.deepStrictEqual(
        [first.body.status, first.body.cancel_reason, first.body.links],
        ["CANCELLED", "CUSTOMER", { self: `/orders/${open}` }]
      )
      assert.strictEqual((yield* cancel(open)).text, first.text)
      assert.deepStrictEqual(yield* storyOf(open), {
        history: ["PENDING", "CANCELLED"],
        said: ["order.created", "order.cancelled"]
      })
      yield* confirm(confirmed)
      const late = yield* cancel(confirmed)
      assert.strictEqual(late.status, 409)
      assert.strictEqual(late.headers.get("content-type"), "application/problem+json")
      assert.deepStrictEqual(late.body, {
        type: "urn:flowforge:problem:order-already-final",
        title: "The order has already reached its end",
        status: 409,
        order_id: confirmed,
        order_status: "CONFIRMED"
      })
    })
  )

  it.effect("an order that was cancelled for another reason keeps it when its customer cancels", () =>
    Effect.gen(function* () {
      const order = yield* place(user(25))
      yield* inTransaction((it) => it.cancelUnpaid([unpaid(order)]))
      const { body, status } = yield* cancel(order)
      assert.deepStrictEqual([status, body.cancel_reason], [200, "PAYMENT_FAILED"])
    })
  )

  it.effect("a cancel that races with the confirmation is decided once, and its answer is what was decided", () =>
    Effect.gen(function* () {
      const orders = yield* Effect.all(Array.from({ length: 100 }, () => place(user(26))))
      const batches = Array.from({ length: 10 }, (_, n) => orders.slice(n * 10, n * 10 + 10))
      const begun = yield* Latch.make(false)
      const [answers] = yield* Effect.all(
        [
          Effect.forEach(orders, (order) => Effect.tap(cancel(order), begun.open), { concurrency: 10 }),
          // From the other end, once the first is cancelled: so each side wins somewhere, and they meet in between.
          Effect.andThen(
            begun.await,
            Effect.forEach(batches.toReversed(), (batch) => confirm(...batch), { concurrency: 2 })
          )
        ],
        { concurrency: "unbounded" }
      )
      for (const [n, order] of orders.entries()) {
        const { history, said } = yield* storyOf(order)
        const { body, status } = answers[n]!
        if (status === 200) {
          assert.strictEqual(body.status, "CANCELLED")
          assert.deepStrictEqual(history, ["PENDING", "CANCELLED"])
          assert.deepStrictEqual(said, ["order.created", "order.cancelled"])
        } else {
          assert.deepStrictEqual([status, body.order_status], [409, "CONFIRMED"])
          assert.deepStrictEqual(history, ["PENDING", "CONFIRMED"])
          assert.deepStrictEqual(said, ["order.created", "order.confirmed"])
        }
      }
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200, 409]))
    })
  )
})
