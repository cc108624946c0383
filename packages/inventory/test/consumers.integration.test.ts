import { assert, layer } from "@effect/vitest"
import { EventId, type OrderCancelled, type OrderId, Topics, type UserId } from "@flowforge/contracts"
import { message, Outbox, Wakeups } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { InventoryService } from "../src/index.ts"
import { addItem, announced, availableOf, layerCache, newOrder, paid, statusOf } from "./inventory.ts"

const outside = Layer.mergeAll(PostgresBroker.layer, Outbox.layer("test"), layerCache).pipe(
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerTestDatabase)
)

const cancelled = (orderId: OrderId): OrderCancelled => ({
  event_id: EventId.make(v7()),
  event_type: "order.cancelled",
  timestamp: "2026-11-23T08:00:00.000Z",
  order_id: orderId,
  user_id: "00000000-0000-7000-8000-000000000001" as UserId,
  reason: "CUSTOMER"
})

const payment = (orderId: OrderId, lines: Record<number, number>) =>
  message(Topics.paymentSucceeded, paid(orderId, lines).event)

const publish = (messages: ReadonlyArray<ReturnType<typeof message>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const outbox = yield* Outbox
    yield* sql.withTransaction(outbox.append(messages))
  })

/** How many events the group has settled, by outcome. */
const settled = (outcome: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ count: number }>`SELECT count(*)::integer AS count FROM processed_events
      WHERE consumer_group = 'inventory' AND outcome = ${outcome}`
  ).pipe(Effect.map((rows) => rows[0]?.count ?? 0))

layer(outside, { excludeTestServices: true })("the inventory's consumers", (it) => {
  it.effect("two members sell exactly the stock of a hot item, events delivered three times, cancels in between", () =>
    Effect.gen(function* () {
      yield* addItem(1, 100)
      const orders = Array.from({ length: 300 }, newOrder)
      const payments = orders.map((order) => payment(order, { 1: 1 }))
      const cancels = orders
        .filter((_, index) => index % 5 === 0)
        .map((order) => message(Topics.orderCancelled, cancelled(order)))
      yield* Layer.build(Layer.fresh(InventoryService.layerConsumers))
      yield* Layer.build(Layer.fresh(InventoryService.layerConsumers))
      yield* Effect.forEach([payments, cancels, payments, cancels, payments], publish, { concurrency: 3 })
      yield* eventually(
        "every event is settled",
        Effect.map(settled("done"), (done) => done === 360)
      )
      const sql = yield* SqlClient.SqlClient
      const [sold] = yield* sql<{ reserved: number; announced: number }>`
        SELECT (SELECT count(*)::integer FROM reservations WHERE status = 'reserved') AS reserved,
          (SELECT count(*)::integer FROM outbox WHERE topic LIKE 'inventory.%') AS announced`
      assert.strictEqual(100 - (sold?.reserved ?? 0), yield* availableOf(1))
      const [repeats] = yield* sql<{ count: number }>`SELECT count(*)::integer AS count FROM (
        SELECT key FROM outbox WHERE topic LIKE 'inventory.%' GROUP BY key HAVING count(*) > 1) twice`
      assert.strictEqual(repeats?.count, 0)
      for (const { key } of cancels) assert.notStrictEqual(yield* statusOf(key as OrderId), "reserved")
    }).pipe(Effect.scoped)
  )

  it.effect("an order that no stock can answer becomes a dead letter, those beside it are served", () =>
    Effect.gen(function* () {
      yield* addItem(2, 100)
      const orders = Array.from({ length: 20 }, newOrder)
      const bad = newOrder()
      yield* publish([
        ...orders.slice(0, 10).map((order) => payment(order, { 2: 1 })),
        payment(bad, { 2: -5 }),
        ...orders.slice(10).map((order) => payment(order, { 2: 1 }))
      ])
      yield* Layer.build(Layer.fresh(InventoryService.layerConsumers))
      yield* eventually(
        "the one at fault is dead",
        Effect.map(settled("dead"), (dead) => dead === 1)
      )
      yield* eventually(
        "the others are served",
        Effect.map(availableOf(2), (available) => available === 80)
      )
      assert.strictEqual(yield* statusOf(bad), undefined)
      const said = (yield* announced(orders[0]!)).map(({ topic }) => topic)
      assert.deepStrictEqual(said, ["payment.succeeded", "inventory.reserved"])
    }).pipe(Effect.scoped)
  )
})
