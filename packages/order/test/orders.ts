import {
  EventId,
  type InventoryFailed,
  type InventoryReserved,
  MinorUnits,
  type ItemId,
  type OrderId,
  type PaymentFailed,
  type PaymentRefunded,
  RefundId,
  Topics,
  TransactionId,
  type UserId
} from "@flowforge/contracts"
import { type AnyEvent, type Delivery, message, Outbox, type Topic, Wakeups } from "@flowforge/messaging"
import { Cache, layerPostgres } from "@flowforge/platform"
import { layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Clock, ConfigProvider, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { v7 } from "uuid"
import { Catalogue } from "../src/catalogue.ts"
import { OrderConfig } from "../src/config.ts"
import { Admission } from "../src/intake/admission.ts"
import { IdempotencyKeys } from "../src/intake/idempotency-keys.ts"
import { Intake } from "../src/intake/intake.ts"
import { OrderCache } from "../src/order-cache.ts"
import { OrderReads } from "../src/reads.ts"
import { Settlements } from "../src/settlements.ts"
import { Orders } from "../src/store.ts"

/** The nth customer of the test database. */
export const user = (number: number): UserId => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}` as UserId

/** Prices in cents, by item. A thousand of item 4 are as dear as an order may be, and one of item 5 would be too much. */
export const PRICES = { 1: 1250, 2: 399, 3: 100_000, 4: 1_000_000_000_000, 5: 1 } as const

/** The test database with 100 customers and the items of {@link PRICES}. */
export const layerDatabase = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO users (id, name, email)
      SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n, n || '@example.com'
      FROM generate_series(1, 100) n`
    for (const [id, price] of Object.entries(PRICES)) {
      yield* sql`INSERT INTO items (id, name, price, initial, available)
        VALUES (${Number(id)}, ${`Item ${id}`}, ${price}, 1000, 1000)`
    }
  })
).pipe(Layer.provideMerge(layerTestDatabase))

/** The database, and what a process has of its own. */
export const layerOutside = Layer.mergeAll(Cache.layerMemory(), Wakeups.layer).pipe(Layer.provideMerge(layerDatabase))

export const configured = (variables: Readonly<Record<string, string>>) =>
  ConfigProvider.layer(ConfigProvider.fromUnknown(variables))

/** The use cases, on what is outside. */
export const layerUseCases = Layer.mergeAll(Intake.layer, OrderReads.layer, Settlements.layer).pipe(
  Layer.provideMerge([Admission.layer, Catalogue.layer, OrderCache.layer, Outbox.layer("order")]),
  Layer.provideMerge([Orders.layerPostgres, IdempotencyKeys.layerPostgres, OrderConfig.layer])
)

/** The use cases of another process, on a pool of its own. */
export const startUseCases = Effect.gen(function* () {
  const { url } = yield* TestDatabase
  const pool = layerPostgres({ url, applicationName: "order", maxConnections: 10 })
  return yield* Layer.build(
    layerUseCases.pipe(Layer.provide([Cache.layerMemory(), Wakeups.layer]), Layer.provide(pool), Layer.fresh)
  )
})

/** The use cases by a clock that the test sets; the connections to the database go by that of the machine. */
export const startByTestClock = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const clock = yield* TestClock.make()
    const useCases = yield* Layer.build(layerUseCases.pipe(Layer.provide(configured(variables)), Layer.fresh)).pipe(
      Effect.provideService(Clock.Clock, clock)
    )
    return { clock, useCases }
  })

/** What asks for one of item 1. */
export const asking = (customer: UserId, idempotencyKey?: string): Parameters<Intake["Service"]["place"]>[0] => ({
  order: {
    user_id: customer,
    items: [{ item_id: 1 as ItemId, quantity: 1 }],
    payment_info: { method: "card", token: "tok_ok" }
  },
  idempotencyKey,
  traceparent: undefined
})

/** Places an order for one of item 1. */
export const place = (customer = user(1)) =>
  Intake.use((intake) => intake.place(asking(customer))).pipe(Effect.map(({ orderId }) => orderId))

/** An event as the consumer hands it over. */
const deliver = <T extends Topic.Any>(topic: T, event: Topic.Event<T> & AnyEvent & { readonly order_id: OrderId }) => ({
  topic: topic.name,
  partition: 0,
  offset: "0",
  key: event.order_id,
  eventId: event.event_id,
  event,
  attempt: 1,
  traceparent: undefined,
  record: { topic: topic.name, partition: 0, offset: "0", key: event.order_id, value: null, headers: {} }
})

const envelope = <const Type extends string>(event_type: Type, order_id: OrderId) => ({
  event_id: EventId.make(v7()),
  event_type,
  timestamp: "2026-11-23T08:00:00.000Z",
  order_id
})

export const reserved = (order: OrderId): Delivery<InventoryReserved> =>
  deliver(Topics.inventoryReserved, {
    ...envelope("inventory.reserved", order),
    reserved_items: [{ item_id: 1 as ItemId, quantity: 1 }]
  })

export const unpaid = (order: OrderId, reason = "declined"): Delivery<PaymentFailed> =>
  deliver(Topics.paymentFailed, { ...envelope("payment.failed", order), user_id: user(1), reason })

export const outOfStock = (order: OrderId): Delivery<InventoryFailed> =>
  deliver(Topics.inventoryFailed, {
    ...envelope("inventory.failed", order),
    reason: "OUT_OF_STOCK",
    failed_items: [{ item_id: 1 as ItemId, requested: 1, available: 0 }]
  })

export const refunded = (order: OrderId): Delivery<PaymentRefunded> =>
  deliver(Topics.paymentRefunded, {
    ...envelope("payment.refunded", order),
    txn_id: TransactionId.make(`txn_${order}`),
    refund_id: RefundId.make(`ref_${order}`),
    amount: MinorUnits.make(1250)
  })

/** Appends events as other services would; the same delivery twice is the same event twice. */
export const publish = (...deliveries: ReadonlyArray<Delivery<any>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const outbox = yield* Outbox
    const topics = new Map<string, Topic.Any>(Object.values(Topics).map((topic) => [topic.name, topic]))
    yield* sql.withTransaction(outbox.append(deliveries.map(({ event, topic }) => message(topics.get(topic)!, event))))
  })

/** Handles a batch as its consumer does: in one transaction. */
export const inTransaction = <E>(handle: (settlements: Settlements["Service"]) => Effect.Effect<void, E>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql.withTransaction(handle(yield* Settlements))
  })

/** Brings orders to their good end. */
export const confirm = (...orders: ReadonlyArray<OrderId>) => inTransaction((it) => it.confirm(orders.map(reserved)))

/** Writes a receipt as the notification service does. */
export const writeReceipt = (order: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO receipts (order_id, object_key, sha256) VALUES (${order}::uuid, 'receipt.html', ''::bytea)
      ON CONFLICT DO NOTHING`
  )

/** How many rows there are in each table that the service writes. */
export const rows = SqlClient.SqlClient.use(
  (sql) => sql<{ orders: number; items: number; history: number; outbox: number; keys: number }>`
    SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM order_items) AS items,
      (SELECT count(*)::int FROM order_history) AS history, (SELECT count(*)::int FROM outbox) AS outbox,
      (SELECT count(*)::int FROM idempotency_keys) AS keys`
).pipe(Effect.map(([counts]) => counts!))

/** How many more there are than before. */
export const increase = (before: Effect.Success<typeof rows>, after: Effect.Success<typeof rows>) => ({
  orders: after.orders - before.orders,
  items: after.items - before.items,
  history: after.history - before.history,
  outbox: after.outbox - before.outbox,
  keys: after.keys - before.keys
})

/** An order's history and what was said about it, both in order. */
export const storyOf = (order: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ history: ReadonlyArray<string>; said: ReadonlyArray<string> }>`
      SELECT (SELECT coalesce(json_agg(state ORDER BY at), '[]') FROM order_history WHERE order_id = ${order}) AS history,
        (SELECT coalesce(json_agg(topic ORDER BY xid, id), '[]') FROM outbox
         WHERE key = ${order} AND topic LIKE 'order.%') AS said`
  ).pipe(Effect.map(([story]) => story!))
