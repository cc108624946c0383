import { assert, layer } from "@effect/vitest"
import type { OrderId, UserId } from "@flowforge/contracts"
import { Cache } from "@flowforge/platform"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import { v7 } from "uuid"
import { OrderCache, recentKey, statusKey } from "../src/order-cache.ts"
import { OrderReads } from "../src/reads.ts"
import { Settlements } from "../src/settlements.ts"
import { confirm, layerOutside, layerUseCases, place, user, writeReceipt } from "./orders.ts"

const cached = (key: string) =>
  Effect.map(
    Cache.use((cache) => cache.get([key])),
    ([value]) => value
  )
const put = (key: string, value: string) =>
  Cache.use((cache) => cache.set(Array.of({ key, value, timeToLive: Duration.hours(1) })))
const lose = (key: string) => Cache.use((cache) => cache.remove([key]))

const statusOf = (order: OrderId) => OrderReads.use((reads) => reads.status(order))
const recent = (customer: UserId) => OrderReads.use((reads) => reads.pageOfUser(customer, {}))
/** The same page, asked so that no cache answers. */
const stored = (customer: UserId) => OrderReads.use((reads) => reads.pageOfUser(customer, { limit: 20 }))
const cancel = (order: OrderId) => Settlements.use((settlements) => settlements.cancelByCustomer(order))
layer(layerUseCases.pipe(Layer.provideMerge(layerOutside)), { excludeTestServices: true })(
  "the cached status",
  (it) => {
    it.effect(
      "of an order that reached its end is there once that is committed, and is answered without the database",
      () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const [confirmed, cancelled] = [yield* place(), yield* place()]
          yield* Effect.flip(sql.withTransaction(Effect.andThen(confirm(confirmed), Effect.fail("rolled back"))))
          assert.strictEqual(yield* cached(statusKey(confirmed)), undefined)
          yield* confirm(confirmed)
          yield* cancel(cancelled)
          assert.strictEqual(yield* cached(statusKey(confirmed)), "CONFIRMED")
          assert.strictEqual(yield* cached(statusKey(cancelled)), "CANCELLED")
          const nowhereElse = v7() as OrderId
          yield* put(statusKey(nowhereElse), "CONFIRMED")
          assert.strictEqual(yield* statusOf(nowhereElse), "CONFIRMED")
        })
    )

    it.effect("is never that of an open order: not kept, and not believed", () =>
      Effect.gen(function* () {
        const order = yield* place()
        assert.strictEqual(yield* statusOf(order), "PENDING")
        assert.strictEqual(yield* cached(statusKey(order)), undefined)
        yield* confirm(order)
        yield* put(statusKey(order), "PENDING")
        assert.strictEqual(yield* statusOf(order), "CONFIRMED")
      })
    )

    it.effect("is filled in again by the next reader when it was lost", () =>
      Effect.gen(function* () {
        const order = yield* place()
        yield* confirm(order)
        yield* lose(statusKey(order))
        assert.strictEqual(yield* statusOf(order), "CONFIRMED")
        assert.strictEqual(yield* cached(statusKey(order)), "CONFIRMED")
      })
    )
  }
)

layer(layerUseCases.pipe(Layer.provideMerge(layerOutside)), { excludeTestServices: true })(
  "a customer's cached orders",
  (it) => {
    it.effect("are answered without the database once none of them can change any more", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const customer = user(1)
        const [confirmed, cancelled] = [yield* place(customer), yield* place(customer)]
        yield* cancel(cancelled)
        for (const step of [Effect.void, confirm(confirmed), writeReceipt(confirmed)]) {
          yield* step
          yield* lose(recentKey(customer))
          assert.deepStrictEqual(yield* recent(customer), yield* stored(customer))
        }
        yield* sql`DELETE FROM receipts WHERE order_id = ${confirmed}::uuid`
        assert.notDeepEqual(yield* recent(customer), yield* stored(customer))
      })
    )

    it.effect("are not kept while an order is open, or its receipt is still to come", () =>
      Effect.gen(function* () {
        const customer = user(2)
        const order = yield* place(customer)
        const isKept = Effect.gen(function* () {
          yield* lose(recentKey(customer))
          yield* recent(customer)
          return (yield* cached(recentKey(customer))) !== undefined
        })
        assert.isFalse(yield* isKept)
        yield* confirm(order)
        assert.isFalse(yield* isKept)
        yield* writeReceipt(order)
        assert.isTrue(yield* isKept)
      })
    )

    it.effect(
      "are forgotten when a new one is accepted, and a reader who still brings the old ones comes too late",
      () =>
        Effect.gen(function* () {
          const customer = user(3)
          const cache = yield* OrderCache
          const old = yield* recent(customer)
          assert.deepStrictEqual(yield* cache.recentOrders(customer), old)
          const order = yield* place(customer)
          yield* cache.fillRecentOrders(customer, old)
          const { orders } = yield* recent(customer)
          assert.deepStrictEqual(
            orders.map(({ order_id }) => order_id),
            [order]
          )
        })
    )

    it.effect("answer only who asks for nothing else", () =>
      Effect.gen(function* () {
        const customer = user(4)
        const reads = yield* OrderReads
        yield* cancel(yield* place(customer))
        yield* cancel(yield* place(customer))
        yield* lose(recentKey(customer))
        yield* recent(customer)
        assert.strictEqual((yield* reads.pageOfUser(customer, { limit: 1 })).orders.length, 1)
        assert.strictEqual((yield* reads.pageOfUser(customer, { status: "CONFIRMED" })).orders.length, 0)
      })
    )

    it.effect("that are no list of orders are read from the database", () =>
      Effect.gen(function* () {
        const customer = user(5)
        const order = yield* place(customer)
        for (const text of ["", "{", "[]", '{"orders":[{"order_id":"x"}]}']) {
          yield* put(recentKey(customer), text)
          assert.strictEqual((yield* recent(customer)).orders[0]?.order_id, order)
        }
      })
    )

    it.effect(
      "and statuses are those of the database, whatever happens in whatever order, also when entries get lost",
      () =>
        Effect.gen(function* () {
          const customer = user(6)
          type Services = Effect.Services<ReturnType<typeof recent | typeof confirm | typeof place | typeof lose>>
          const run = Effect.runPromiseWith(yield* Effect.context<Services>())
          const orders: Array<OrderId> = []
          const pick = (n: number) => orders.at(-1 - (n % Math.min(orders.length, 4)))
          const withOrder = <E, R>(n: number, act: (order: OrderId) => Effect.Effect<unknown, E, R>) => {
            const order = pick(n)
            return order === undefined ? Effect.void : Effect.ignore(act(order))
          }
          const steps = {
            place: () => Effect.map(place(customer), (order) => void orders.push(order)),
            confirm: (n: number) => withOrder(n, confirm),
            cancel: (n: number) => withOrder(n, cancel),
            receipt: (n: number) =>
              withOrder(n, (order) =>
                Effect.flatMap(statusOf(order), (status) =>
                  status === "CONFIRMED" ? writeReceipt(order) : Effect.void
                )
              ),
            loseStatus: (n: number) => withOrder(n, (order) => lose(statusKey(order))),
            loseRecent: () => lose(recentKey(customer)),
            read: () => Effect.void
          }
          const names = Object.keys(steps) as Array<keyof typeof steps>
          const sequences = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat({ max: 3 })), {
            minLength: 5,
            maxLength: 30
          })
          yield* Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(sequences, async (sequence) => {
                for (const [name, n] of sequence) {
                  await run(steps[name](n))
                  const page = await run(recent(customer))
                  assert.deepStrictEqual(page, await run(stored(customer)))
                  for (const { order_id, status } of page.orders.slice(0, 4)) {
                    assert.strictEqual(await run(statusOf(order_id)), status)
                  }
                }
              }),
              { numRuns: 20 }
            )
          )
        })
    )
  }
)
