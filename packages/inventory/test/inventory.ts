import { EventId, type ItemId, type OrderId, Topics, TransactionId, type UserId } from "@flowforge/contracts"
import { MinorUnits, type PaymentSucceeded } from "@flowforge/contracts"
import { type Delivery, Outbox, Wakeups } from "@flowforge/messaging"
import { Cache, type CacheEntry } from "@flowforge/platform"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { Reservations } from "../src/reservations.ts"
import { Stock } from "../src/store.ts"

/** A cache in memory without expiry. */
export const layerCache = Layer.sync(Cache, () => {
  const values = new Map<string, string>()
  const put = (overwrite: boolean) => (entries: ReadonlyArray<CacheEntry>) =>
    Effect.sync(() => {
      for (const { key, value } of entries) if (overwrite || !values.has(key)) values.set(key, value)
    })
  return Cache.of({
    get: (keys) => Effect.sync(() => keys.map((key) => values.get(key))),
    set: put(true),
    fill: put(false),
    remove: (keys) =>
      Effect.sync(() => {
        for (const key of keys) values.delete(key)
      })
  })
})

/** The reservations on a database of their own. */
export const layerReservations = Reservations.layer.pipe(
  Layer.provideMerge([Stock.layerPostgres, Outbox.layer("inventory"), layerCache]),
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerTestDatabase)
)

export const newOrder = (): OrderId => v7() as OrderId

export const addItem = (id: number, available: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO items (id, name, price, initial, available)
                 VALUES (${id}, ${`Item ${id}`}, 1250, ${available}, ${available})`
  )

export const availableOf = (id: number) =>
  SqlClient.SqlClient.use((sql) => sql<{ available: number }>`SELECT available FROM items WHERE id = ${id}`).pipe(
    Effect.map((rows) => rows[0]?.available)
  )

export const statusOf = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ status: string }>`SELECT status FROM reservations WHERE order_id = ${orderId}`
  ).pipe(Effect.map((rows) => rows[0]?.status))

/** What was said about an order, in order. */
export const announced = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) =>
      sql<{ topic: string; value: Uint8Array }>`SELECT topic, value FROM outbox WHERE key = ${orderId} ORDER BY id`
  ).pipe(
    Effect.map((rows) =>
      rows.map((row) => ({ topic: row.topic, event: JSON.parse(new TextDecoder().decode(row.value)) }))
    )
  )

/** A delivery of payment.succeeded, with an event of its own. */
export const paid = (orderId: OrderId, lines: Record<number, number>): Delivery<PaymentSucceeded> => {
  const event: PaymentSucceeded = {
    event_id: EventId.make(v7()),
    event_type: "payment.succeeded",
    timestamp: "2026-11-23T08:00:00.000Z",
    order_id: orderId,
    user_id: "00000000-0000-7000-8000-000000000001" as UserId,
    txn_id: TransactionId.make(`txn_${orderId}`),
    amount: MinorUnits.make(1250),
    items: Object.entries(lines).map(([id, quantity]) => ({ item_id: Number(id) as ItemId, quantity }))
  }
  return {
    topic: Topics.paymentSucceeded.name,
    partition: 0,
    offset: "0",
    key: orderId,
    eventId: event.event_id,
    event,
    attempt: 1,
    traceparent: undefined,
    record: { topic: Topics.paymentSucceeded.name, partition: 0, offset: "0", key: orderId, value: null, headers: {} }
  }
}

/** Handles a batch as its consumer does: in one transaction. */
export const reserve = (...deliveries: ReadonlyArray<Delivery<PaymentSucceeded>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const reservations = yield* Reservations
    yield* sql.withTransaction(reservations.reserve(deliveries))
  })

export const release = (...orders: ReadonlyArray<OrderId>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const reservations = yield* Reservations
    yield* sql.withTransaction(reservations.release(orders))
  })
