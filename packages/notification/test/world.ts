import {
  EventId,
  type ItemId,
  MinorUnits,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderId,
  Topics,
  type UserId
} from "@flowforge/contracts"
import { message, Outbox, Wakeups } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import {
  type Fault,
  type Mail,
  Mailer,
  ObjectStore,
  ObjectStoreUnavailable,
  type Sms,
  SmsSender
} from "@flowforge/platform"
import { layerTestDatabase } from "@flowforge/testkit"
import { ConfigProvider, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { NotificationService } from "../src/index.ts"

/** The world outside the service: a database, and companies that keep what they are given. */
export const makeWorld = () => {
  const mails: Array<Mail> = []
  const texts: Array<Sms> = []
  const faults: { mail: Fault | undefined; sms: Fault | undefined; objects: boolean } = {
    mail: undefined,
    sms: undefined,
    objects: false
  }
  const objects = Layer.effect(
    ObjectStore,
    Effect.map(ObjectStore, (store) => ({
      ...store,
      put: (object: Parameters<typeof store.put>[0]) =>
        Effect.suspend(() =>
          faults.objects ? Effect.fail(new ObjectStoreUnavailable({ reason: "no space" })) : store.put(object)
        )
    }))
  ).pipe(Layer.provide(ObjectStore.layerMemory))
  const layer = Layer.mergeAll(
    PostgresBroker.layer,
    Outbox.layer("test"),
    objects,
    Mailer.layerMemory({ sent: mails, faults: () => faults.mail }),
    SmsSender.layerMemory({ sent: texts, faults: () => faults.sms })
  ).pipe(Layer.provideMerge(Wakeups.layer), Layer.provideMerge(layerTestDatabase))
  return { mails, texts, faults, layer }
}

/** A member of the group, in the test's scope. */
export const startConsumers = (settings: Record<string, string> = {}) =>
  Layer.build(
    Layer.fresh(NotificationService.layerConsumers).pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
    )
  )

export const addItem = (id: number, name: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO items (id, name, price, initial, available) VALUES (${id}, ${name}, 1250, 9, 9)`
  )

/** A customer, who has a phone when one is named. */
export const addUser = Effect.fnUntraced(function* (user: {
  readonly name?: string
  readonly email?: string
  readonly phone?: string
}) {
  const sql = yield* SqlClient.SqlClient
  const id = v7() as UserId
  yield* sql`INSERT INTO users (id, name, email, phone)
    VALUES (${id}, ${user.name ?? "Anna"}, ${user.email ?? "anna@example.com"}, ${user.phone ?? null})`
  return id
})

export const addOrder = Effect.fnUntraced(function* (
  userId: UserId,
  status: "PENDING" | "CONFIRMED" | "CANCELLED" = "CONFIRMED"
) {
  const sql = yield* SqlClient.SqlClient
  const id = v7() as OrderId
  yield* sql`INSERT INTO orders (id, user_id, status, total_amount, payment_method, payment_token, cancel_reason)
    VALUES (${id}, ${userId}, ${status}, 2500, 'card', 'tok', ${status === "CANCELLED" ? "CUSTOMER" : null})`
  yield* sql`INSERT INTO order_items (order_id, item_id, quantity, price) VALUES (${id}, 1, 2, 1250)`
  return id
})

const envelope = () => ({ event_id: EventId.make(v7()), timestamp: "2026-11-23T08:00:00.000Z" })

export const confirmed = (orderId: OrderId, userId: UserId): OrderConfirmed => ({
  ...envelope(),
  event_type: "order.confirmed",
  order_id: orderId,
  user_id: userId,
  items: [{ item_id: 1 as ItemId, quantity: 2, price: MinorUnits.make(1250) }],
  total_amount: MinorUnits.make(2500)
})

export const cancelled = (orderId: OrderId, userId: UserId): OrderCancelled => ({
  ...envelope(),
  event_type: "order.cancelled",
  order_id: orderId,
  user_id: userId,
  reason: "CUSTOMER"
})

export const publish = Effect.fnUntraced(function* (events: ReadonlyArray<OrderConfirmed | OrderCancelled>) {
  const sql = yield* SqlClient.SqlClient
  const outbox = yield* Outbox
  yield* sql.withTransaction(
    outbox.append(
      events.map((event) =>
        event.event_type === "order.confirmed"
          ? message(Topics.orderConfirmed, event)
          : message(Topics.orderCancelled, event)
      )
    )
  )
})

/** The notifications of an order, by kind. */
export const statusesOf = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ kind: string; status: string }>`SELECT kind, status FROM notifications WHERE order_id = ${orderId}`
  ).pipe(Effect.map((rows) => Object.fromEntries(rows.map(({ kind, status }) => [kind, status]))))

export const receiptOf = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) =>
      sql<{
        object_key: string
        sha256: Uint8Array
      }>`SELECT object_key, sha256 FROM receipts WHERE order_id = ${orderId}`
  ).pipe(Effect.map((rows) => rows[0]))

/** What notification.sent said about an order. */
export const announced = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) =>
      sql<{
        value: Uint8Array
      }>`SELECT value FROM outbox WHERE key = ${orderId} AND topic = 'notification.sent' ORDER BY id`
  ).pipe(
    Effect.map((rows) =>
      rows.map((row) => {
        const { status, type } = JSON.parse(new TextDecoder().decode(row.value))
        return `${type} ${status}`
      })
    )
  )
