import { assert, layer } from "@effect/vitest"
import type { ItemId } from "@flowforge/contracts"
import { Cache } from "@flowforge/platform"
import { locksInOrder, rowsRead, untilSomebodyWaits } from "@flowforge/testkit"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import { v7 } from "uuid"
import { availabilityKey } from "../src/availability.ts"
import { MAX_STOCK } from "../src/products.ts"
import { Stock } from "../src/store.ts"
import {
  addItem,
  announced,
  availableOf,
  layerReservations,
  newOrder,
  paid,
  release,
  reserve,
  statusOf
} from "./inventory.ts"

layer(layerReservations, { excludeTestServices: true })("reservations", (it) => {
  it.effect("sets every line aside and says so", () =>
    Effect.gen(function* () {
      yield* addItem(1, 10)
      yield* addItem(2, 10)
      const order = newOrder()
      yield* reserve(paid(order, { 1: 2, 2: 3 }))
      assert.strictEqual(yield* availableOf(1), 8)
      assert.strictEqual(yield* availableOf(2), 7)
      assert.strictEqual(yield* statusOf(order), "reserved")
      const [said, ...rest] = yield* announced(order)
      assert.deepStrictEqual(rest, [])
      assert.strictEqual(said?.topic, "inventory.reserved")
      assert.deepStrictEqual(said?.event.reserved_items, [
        { item_id: 1, quantity: 2 },
        { item_id: 2, quantity: 3 }
      ])
    })
  )

  it.effect("takes items by reading them alone, however many others there are", () =>
    Effect.gen(function* () {
      for (let id = 8_001; id <= 8_050; id++) yield* addItem(id, 10)
      // Each of the two is read to be locked, found and changed.
      assert.isAtMost(yield* rowsRead("items", reserve(paid(newOrder(), { 8_001: 2, 8_002: 3 }))), 6)
    })
  )

  it.effect("takes nothing when one line cannot be had, and names what was missing", () =>
    Effect.gen(function* () {
      yield* addItem(11, 10)
      yield* addItem(12, 1)
      const order = newOrder()
      yield* reserve(paid(order, { 11: 2, 12: 3, 999: 1 }))
      assert.strictEqual(yield* availableOf(11), 10)
      assert.strictEqual(yield* availableOf(12), 1)
      assert.strictEqual(yield* statusOf(order), "rejected")
      const [said] = yield* announced(order)
      assert.strictEqual(said?.topic, "inventory.failed")
      assert.strictEqual(said?.event.reason, "OUT_OF_STOCK")
      assert.deepStrictEqual(said?.event.failed_items, [
        { item_id: 12, requested: 3, available: 1 },
        { item_id: 999, requested: 1, available: 0 }
      ])
    })
  )

  it.effect("decides an order once, however often it is paid: in one batch or in several", () =>
    Effect.gen(function* () {
      yield* addItem(21, 10)
      const order = newOrder()
      yield* reserve(paid(order, { 21: 2 }), paid(order, { 21: 2 }))
      yield* reserve(paid(order, { 21: 2 }))
      assert.strictEqual(yield* availableOf(21), 8)
      assert.strictEqual((yield* announced(order)).length, 1)
    })
  )

  it.effect("gives the stock back on a cancel, once, and says nothing", () =>
    Effect.gen(function* () {
      yield* addItem(31, 10)
      const [first, second] = [newOrder(), newOrder()]
      yield* reserve(paid(first, { 31: 2 }), paid(second, { 31: 3 }))
      yield* release(first, second, first)
      yield* release(first)
      assert.strictEqual(yield* availableOf(31), 10)
      assert.strictEqual(yield* statusOf(first), "released")
      assert.strictEqual((yield* announced(first)).length, 1)
    })
  )

  it.effect("never reserves for an order whose cancel came first", () =>
    Effect.gen(function* () {
      yield* addItem(41, 10)
      const order = newOrder()
      yield* release(order)
      yield* reserve(paid(order, { 41: 2 }))
      assert.strictEqual(yield* availableOf(41), 10)
      assert.strictEqual(yield* statusOf(order), "released")
      assert.deepStrictEqual(yield* announced(order), [])
    })
  )

  it.effect("leaves a rejected order rejected when its cancel comes", () =>
    Effect.gen(function* () {
      yield* addItem(51, 1)
      const order = newOrder()
      yield* reserve(paid(order, { 51: 2 }))
      yield* release(order)
      assert.strictEqual(yield* statusOf(order), "rejected")
      assert.strictEqual(yield* availableOf(51), 1)
    })
  )

  it.effect("refuses a batch with an impossible order as a whole, for its consumer to find the one at fault", () =>
    Effect.gen(function* () {
      yield* addItem(61, 5)
      const [good, bad] = [newOrder(), newOrder()]
      const refusal = yield* Effect.flip(reserve(paid(good, { 61: 1 }), paid(bad, { 61: -1 })))
      assert.strictEqual(refusal._tag, "Unprocessable")
      assert.strictEqual(yield* availableOf(61), 5)
      assert.strictEqual(yield* statusOf(good), undefined)
    })
  )

  it.effect("forgets the cached availability of what it changed, and only after the commit", () =>
    Effect.gen(function* () {
      yield* addItem(71, 5)
      const cache = yield* Cache
      const sql = yield* SqlClient.SqlClient
      const key = availabilityKey(71 as ItemId)
      const fill = cache.fill(Array.of({ key, value: "5", timeToLive: Duration.hours(1) }))
      const order = newOrder()
      yield* fill
      yield* Effect.flip(
        sql.withTransaction(Effect.andThen(reserve(paid(order, { 71: 1 })), Effect.fail("rolled back")))
      )
      assert.deepStrictEqual(yield* cache.get([key]), ["5"])
      yield* reserve(paid(order, { 71: 1 }))
      assert.deepStrictEqual(yield* cache.get([key]), [undefined])
      yield* fill
      yield* release(order)
      assert.deepStrictEqual(yield* cache.get([key]), [undefined])
    })
  )

  it.effect("sells exactly the stock of a hot item to concurrent batches, some of them delivered three times", () =>
    Effect.gen(function* () {
      yield* addItem(81, 150)
      yield* addItem(82, 1_000)
      const batches = Array.from({ length: 12 }, (_, batch) =>
        Array.from({ length: 25 }, (_, index) => paid(newOrder(), (batch + index) % 2 ? { 81: 1 } : { 82: 1, 81: 1 }))
      )
      yield* Effect.forEach([...batches, ...batches, ...batches], (batch) => reserve(...batch), {
        concurrency: 8,
        discard: true
      })
      assert.strictEqual(yield* availableOf(81), 0)
      const sql = yield* SqlClient.SqlClient
      const statuses = yield* sql<{ status: string; count: number }>`
        SELECT status, count(*)::integer AS count FROM reservations WHERE 81 = ANY (item_ids) GROUP BY status ORDER BY status`
      assert.deepStrictEqual(statuses, [
        { status: "rejected", count: 150 },
        { status: "reserved", count: 150 }
      ])
    })
  )

  it.effect("locks items in the order of their ids, however they lie in the table", () =>
    Effect.gen(function* () {
      yield* addItem(75, 10)
      yield* addItem(76, 10)
      yield* locksInOrder(
        { table: "items", key: "id", first: 75, second: 76 },
        reserve(paid(newOrder(), { 76: 1, 75: 1 }))
      )
    })
  )

  it.effect("neither deadlocks nor loses a piece when batches reserve and release at once, in opposite orders", () =>
    Effect.gen(function* () {
      const items = Array.from({ length: 40 }, (_, index) => 200 + index)
      yield* Effect.forEach(items, (id) => addItem(id, 100_000))
      const sql = yield* SqlClient.SqlClient
      const batch = (size: number) =>
        Array.from({ length: size }, (_, index) =>
          paid(newOrder(), { [200 + (index % 40)]: 1, [200 + ((index * 7 + 3) % 40)]: 2 })
        )
      const orders = (deliveries: ReturnType<typeof batch>) => deliveries.map(({ event }) => event.order_id)
      for (let round = 0; round < 6; round++) {
        const [same, held, fresh] = [batch(600), batch(300), batch(300)]
        yield* reserve(...held)
        yield* Effect.all(
          [
            reserve(...same),
            reserve(...same.toReversed()),
            release(...orders(same).toReversed()),
            release(...orders(held)),
            release(...orders(held).toReversed()),
            reserve(...fresh.toReversed())
          ],
          { concurrency: "unbounded", discard: true }
        )
        yield* release(...orders(same), ...orders(fresh))
      }
      const [sum] = yield* sql<{ missing: number }>`
        SELECT sum(initial - available)::integer AS missing FROM items WHERE id BETWEEN 200 AND 239`
      assert.strictEqual(sum?.missing, 0)
    })
  )

  it.effect("initial + adjustments = available + reserved, whatever reserves, releases and adjusts at once", () =>
    Effect.gen(function* () {
      const items = [301, 302, 303]
      yield* Effect.forEach(items, (id) => addItem(id, 200))
      const stock = yield* Stock
      const sql = yield* SqlClient.SqlClient
      const adjust = (n: number) =>
        stock.adjust({ id: v7(), itemId: items[n % 3] as ItemId, delta: n % 2 ? 9 : -13, reason: "count" }, MAX_STOCK)
      const batches = Array.from({ length: 20 }, (_, batch) =>
        Array.from({ length: 10 }, (_, n) => paid(newOrder(), { [301 + ((batch + n) % 3)]: 3, [301 + (n % 3)]: 2 }))
      )
      const unbalanced = sql<{ id: number }>`
        SELECT i.id FROM items i WHERE i.id BETWEEN 301 AND 303 AND i.available <> i.initial
          + (SELECT coalesce(sum(delta), 0) FROM stock_adjustments WHERE item_id = i.id)
          - (SELECT coalesce(sum(line.quantity), 0) FROM reservations r, unnest(r.item_ids, r.quantities) AS line (id, quantity)
             WHERE r.status = 'reserved' AND line.id = i.id)`
      yield* Effect.forEach(
        batches,
        (batch, n) =>
          Effect.all(
            [
              reserve(...batch),
              release(...batch.filter((_, index) => index % 3 === 0).map(({ event }) => event.order_id)),
              adjust(n),
              adjust(n + 1),
              Effect.tap(unbalanced, (rows) => Effect.sync(() => assert.deepStrictEqual(rows, [])))
            ],
            { concurrency: "unbounded", discard: true }
          ),
        { concurrency: 4, discard: true }
      )
      assert.deepStrictEqual(yield* unbalanced, [])
      const [sum] = yield* sql<{ lowest: number }>`SELECT min(available)::integer AS lowest FROM items WHERE id > 300`
      assert.isAtLeast(sum?.lowest ?? -1, 0)
    })
  )

  for (const [before, after, adjusted] of [
    [2, 60, true],
    [60, 2, false]
  ] as const) {
    it.effect(`judges an adjustment of -13 by the stock it waited for: ${before} before, ${after} then`, () =>
      Effect.gen(function* () {
        const id = 320 + before
        yield* addItem(id, before)
        const stock = yield* Stock
        const sql = yield* SqlClient.SqlClient
        const [isCounted, mayCommit] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const counting = yield* Effect.forkScoped(
          sql.withTransaction(
            Effect.all([
              sql`UPDATE items SET available = ${after} WHERE id = ${id}`,
              Deferred.succeed(isCounted, undefined),
              Deferred.await(mayCommit)
            ])
          )
        )
        yield* Deferred.await(isCounted)
        const adjusting = yield* Effect.forkScoped(
          stock.adjust({ id: v7(), itemId: id as ItemId, delta: -13, reason: "recall" }, MAX_STOCK)
        )
        yield* untilSomebodyWaits
        yield* Deferred.succeed(mayCommit, undefined)
        yield* Fiber.join(counting)
        assert.deepStrictEqual(yield* Fiber.join(adjusting), { adjusted, available: adjusted ? after - 13 : after })
      })
    )
  }

  it.effect("never goes below zero: PostgreSQL itself refuses it", () =>
    Effect.gen(function* () {
      yield* addItem(311, 1)
      const sql = yield* SqlClient.SqlClient
      const refusal = yield* Effect.flip(sql`UPDATE items SET available = available - 2 WHERE id = 311`)
      assert.match(String((refusal.reason.cause as Error).message), /items_available_check/u)
      assert.strictEqual(yield* availableOf(311), 1)
    })
  )

  it.effect("ends with no net stock in whatever order payments, their repeats and cancels arrive", () =>
    Effect.gen(function* () {
      yield* addItem(101, 20)
      const context = yield* Effect.context<Effect.Services<ReturnType<typeof reserve>>>()
      const run = Effect.runPromiseWith(context)
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.shuffledSubarray([...Array(9).keys()], { minLength: 9 }),
            fc.boolean(),
            async (sequence, concurrently) => {
              const orders = [newOrder(), newOrder(), newOrder()] as const
              const steps = orders.flatMap((order) => [
                reserve(paid(order, { 101: 7 })),
                reserve(paid(order, { 101: 7 })),
                release(order)
              ])
              await run(
                Effect.all(
                  sequence.flatMap((index) => steps[index] ?? []),
                  { concurrency: concurrently ? "unbounded" : 1 }
                )
              )
              assert.strictEqual(await run(availableOf(101)), 20)
            }
          ),
          { numRuns: 40 }
        )
      )
    })
  )
})
