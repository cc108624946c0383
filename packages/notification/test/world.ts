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
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { ConfigProvider, Effect, Layer, Logger, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { NotificationService } from "../src/index.ts"

/** Where the process under test dies next: `before the mail is sent`, `after the receipt is stored` and the like. */
export interface Death {
  readonly at: string | undefined
  readonly dies: Effect.Effect<void>
}

/** The world outside the service: a database, and companies that keep what they are given. */
export const makeWorld = () => {
  const mails: Array<Mail> = []
  const texts: Array<Sms> = []
  const world: {
    mails: Array<Mail>
    texts: Array<Sms>
    faults: { mail: Fault | undefined; sms: Fault | undefined; objects: boolean }
    death: Death
  } = {
    mails,
    texts,
    faults: { mail: undefined, sms: undefined, objects: false },
    death: { at: undefined, dies: Effect.void }
  }
  /** A process that dies never gets an answer, and nothing of it runs any more. */
  const at = (point: string) =>
    Effect.suspend(() => (world.death.at === point ? Effect.andThen(world.death.dies, Effect.never) : Effect.void))
  const mortal = <A, E>(what: string, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    at(`before ${what}`).pipe(
      Effect.andThen(Effect.exit(call)),
      Effect.tap(() => at(`after ${what}`)),
      Effect.flatten
    )
  const objects = Layer.effect(
    ObjectStore,
    Effect.map(ObjectStore, (store) => ({
      ...store,
      put: (object: Parameters<typeof store.put>[0]) =>
        mortal(
          "the receipt is stored",
          Effect.suspend(() =>
            world.faults.objects ? Effect.fail(new ObjectStoreUnavailable({ reason: "no space" })) : store.put(object)
          )
        )
    }))
  ).pipe(Layer.provide(ObjectStore.layerMemory))
  const mailer = Layer.effect(
    Mailer,
    Effect.map(Mailer, ({ send }) => ({ send: (mail: Mail) => mortal("the mail is sent", send(mail)) }))
  ).pipe(Layer.provide(Mailer.layerMemory({ sent: mails, faults: () => world.faults.mail })))
  const smsSender = Layer.effect(
    SmsSender,
    Effect.map(SmsSender, ({ send }) => ({ send: (sms: Sms) => mortal("the SMS is sent", send(sms)) }))
  ).pipe(Layer.provide(SmsSender.layerMemory({ sent: texts, faults: () => world.faults.sms })))
  const layer = Layer.mergeAll(PostgresBroker.layer, Outbox.layer("test"), objects, mailer, smsSender).pipe(
    Layer.provideMerge(Wakeups.layer),
    Layer.provideMerge(layerTestDatabase),
    // What did not reach its customer is logged; the tests look at the tables.
    Layer.provideMerge(Logger.layer([]))
  )
  return Object.assign(world, { layer })
}
export type World = ReturnType<typeof makeWorld>

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

/** The notifications of an order as they stand. */
export const notificationsOf = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ id: string; kind: string; status: string; error: string | null }>`
      SELECT notification_id AS id, kind, status, error FROM notifications WHERE order_id = ${orderId} ORDER BY kind`
  )

/** Every notification.sent about an order. */
export const announcements = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) =>
      sql<{
        value: Uint8Array
      }>`SELECT value FROM outbox WHERE key = ${orderId.toLowerCase()} AND topic = 'notification.sent' ORDER BY id`
  ).pipe(
    Effect.map((rows) =>
      rows.map((row): { readonly notification_id: string; readonly type: string; readonly status: string } =>
        JSON.parse(new TextDecoder().decode(row.value))
      )
    )
  )

/** What notification.sent said about an order. */
export const announced = (orderId: OrderId) =>
  Effect.map(announcements(orderId), (events) => events.map(({ status, type }) => `${type} ${status}`))

/** Waits until an order's customer was told over so many channels, or nobody can know. */
export const told = (orderId: OrderId, channels: number) =>
  eventually(
    `${orderId} is told`,
    Effect.map(announced(orderId), (said) => said.length === channels)
  )

/** Lets what waits for its next attempt be due now. */
export const hurry = SqlClient.SqlClient.use(
  (sql) => sql`UPDATE parked_keys SET next_attempt_at = now() WHERE lease IS NULL`
)

/** How often a counter or histogram with these attributes was updated by now. */
export const countOf = (id: string, attributes: Readonly<Record<string, string>>) =>
  Effect.map(Metric.snapshot, (metrics) => {
    const found = metrics.find(
      (metric) =>
        metric.id === id && Object.entries(attributes).every(([name, value]) => metric.attributes?.[name] === value)
    )
    return Number((found?.state as { readonly count?: number | bigint } | undefined)?.count ?? 0)
  })
