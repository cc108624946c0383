import { assert, describe, it } from "@effect/vitest"
import type { OrderId, UserId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { ConfigProvider, Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { NotificationService } from "../src/index.ts"
import {
  addItem,
  addOrder,
  addUser,
  announced,
  cancelled,
  confirmed,
  countOf,
  hurry,
  makeWorld,
  notificationsOf,
  publish,
  receiptOf,
  startConsumers,
  statusesOf,
  told,
  type World
} from "./world.ts"

const mailsOf = (world: World, orderId: OrderId): number =>
  world.mails.filter(({ text }) => text.includes(orderId.toLowerCase())).length

const outcomeOf = (eventId: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ outcome: string }>`SELECT outcome FROM processed_events WHERE event_id = ${eventId}`
  ).pipe(Effect.map((rows) => rows[0]?.outcome))

/** A claim whose process is gone. */
const claimedAgo = (order: OrderId, age: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql`INSERT INTO notifications (order_id, kind, notification_id, recipient, status, claimed_at)
      VALUES (${order}, 'confirmed_email', ${v7()}, 'a@example.com', 'claimed', now() - ${age}::interval)`
  )

const startJobs = (settings: Record<string, string> = {}) =>
  Layer.build(
    Layer.fresh(NotificationService.layerJobs).pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
    )
  )

const inWorld = <E>(body: (world: World) => Effect.Effect<void, E, Layer.Success<World["layer"]> | Scope.Scope>) => {
  const world = makeWorld()
  return Effect.andThen(addItem(1, "Pen"), body(world)).pipe(Effect.scoped, Effect.provide(world.layer))
}

describe("telling customers", () => {
  it.live("twenty orders, each event delivered three times in any order, mails each of them once", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const orders = yield* Effect.forEach(Array.from({ length: 20 }), (_, n) =>
          addOrder(user, n % 3 === 0 ? "CANCELLED" : "CONFIRMED")
        )
        const events = orders.map((order, n) => (n % 3 === 0 ? cancelled(order, user) : confirmed(order, user)))
        yield* startConsumers()
        const mailed = countOf("flowforge_notifications_total", { kind: "confirmed_email", status: "sent" })
        const rendered = countOf("flowforge_receipt_render_seconds", { format: "html" })
        const before = [yield* mailed, yield* rendered]
        const rounds = [events, events.toReversed(), [...events.slice(7), ...events.slice(0, 7)]]
        yield* Effect.forEach(rounds, publish, { concurrency: 3 })
        for (const order of orders) yield* told(order, 1)
        const last = yield* addOrder(user)
        yield* publish([...events, confirmed(last, user)])
        yield* told(last, 1)
        for (const [n, order] of orders.entries()) {
          assert.strictEqual(mailsOf(world, order), 1)
          assert.deepStrictEqual(yield* announced(order), ["email sent"])
          assert.strictEqual((yield* receiptOf(order)) === undefined, n % 3 === 0)
        }
        const after = [yield* mailed, yield* rendered]
        assert.deepStrictEqual(
          after.map((count, n) => count - before[n]!),
          [14, 14]
        )
      })
    )
  )

  it.live("an order whose id comes in upper case is found, told once and announced under its own id", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({ phone: "+491701234567" })
        const order = yield* addOrder(user)
        const upper = order.toUpperCase() as OrderId
        yield* publish([confirmed(upper, user.toUpperCase() as UserId), confirmed(order, user)])
        yield* startConsumers()
        yield* told(order, 2)
        yield* hurry
        const last = yield* addOrder(user)
        yield* publish([confirmed(upper, user), confirmed(last, user)])
        yield* told(last, 2)
        assert.deepStrictEqual(yield* statusesOf(order), { confirmed_email: "sent", confirmed_sms: "sent" })
        assert.strictEqual(mailsOf(world, order), 1)
        assert.include((yield* receiptOf(order))!.object_key, order)
      })
    )
  )

  it.live("a refused address has failed, visibly, and the other channel is served", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const noMail = yield* addUser({ email: "anna@refused.example", phone: "+491701234567" })
        const noSms = yield* addUser({ phone: "+9991234" })
        const [first, second] = [yield* addOrder(noMail), yield* addOrder(noSms, "CANCELLED")]
        yield* startConsumers()
        yield* publish([confirmed(first, noMail), cancelled(second, noSms)])
        yield* told(first, 2)
        yield* told(second, 2)
        assert.deepStrictEqual((yield* announced(first)).toSorted(), ["email failed", "sms sent"])
        assert.deepStrictEqual((yield* announced(second)).toSorted(), ["email sent", "sms failed"])
        assert.deepStrictEqual(
          (yield* notificationsOf(first)).map(({ error, status }) => [status, error]),
          [
            ["failed", "the address is refused"],
            ["sent", null]
          ]
        )
        assert.strictEqual(world.texts.length, 1)
        assert.isDefined(yield* receiptOf(first))
      })
    )
  )

  it.live("an order of a customer nobody knows is a dead letter, and holds nobody up", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const order = yield* addOrder(user)
        const stray = confirmed(yield* addOrder(user), v7() as UserId)
        yield* publish([stray, confirmed(order, user)])
        yield* startConsumers()
        yield* told(order, 1)
        yield* eventually(
          "it is dead",
          Effect.map(outcomeOf(stray.event_id), (outcome) => outcome === "dead")
        )
        const sql = yield* SqlClient.SqlClient
        const letters = yield* sql`SELECT key, error, state FROM dead_letters`
        assert.deepStrictEqual(letters, [{ key: stray.order_id, error: "there is no such customer", state: "open" }])
        assert.deepStrictEqual(yield* notificationsOf(stray.order_id), [])
        assert.strictEqual(world.mails.length, 1)
      })
    )
  )
})

describe("while the mail company is away", () => {
  it.live("nobody is mailed and nothing is given up; when it is back everybody is mailed, once", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({ phone: "+491701234567" })
        const orders = yield* Effect.forEach(Array.from({ length: 40 }), () => addOrder(user))
        world.faults.mail = "unavailable"
        yield* startConsumers()
        yield* publish(orders.map((order) => confirmed(order, user)))
        yield* eventually(
          "it was tried, receipts first",
          Effect.map(
            Effect.forEach(orders, (order) => receiptOf(order)),
            (receipts) => receipts.filter((receipt) => receipt !== undefined).length >= 10
          )
        )
        assert.strictEqual(world.mails.length, 0)
        const sql = yield* SqlClient.SqlClient
        world.faults.mail = undefined
        yield* eventually(
          "all are told",
          Effect.andThen(
            hurry,
            Effect.map(
              sql<{ count: number }>`SELECT count(*)::int FROM notifications WHERE status = 'sent'`,
              ([row]) => row!.count === 80
            )
          )
        )
        for (const order of orders) {
          assert.strictEqual(mailsOf(world, order), 1)
          assert.deepStrictEqual((yield* announced(order)).toSorted(), ["email sent", "sms sent"])
        }
        assert.strictEqual(world.texts.length, 40)
        assert.deepStrictEqual(yield* sql`SELECT * FROM dead_letters`, [])
      })
    )
  )

  it.live("for longer than the claim limit, nobody who was not called for is in doubt", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const user = yield* addUser({ phone: "+491701234567" })
        const orders = yield* Effect.forEach(Array.from({ length: 40 }), () => addOrder(user))
        world.faults.mail = "unavailable"
        yield* startJobs({ NOTIFICATION_CLAIM_LIMIT: "3 seconds" })
        yield* startConsumers()
        yield* publish(orders.map((order) => confirmed(order, user)))
        yield* eventually(
          "it was tried",
          Effect.map(
            Effect.forEach(orders, (order) => receiptOf(order)),
            (receipts) => receipts.filter((receipt) => receipt !== undefined).length >= 10
          )
        )
        // What was claimed before this one and stood as it does would be given up with it.
        const killed = yield* addOrder(user)
        yield* claimedAgo(killed, "0 seconds")
        yield* told(killed, 1)
        world.faults.mail = undefined
        for (const order of orders) yield* Effect.andThen(hurry, told(order, 2))
        const doubtful = yield* sql`SELECT order_id FROM notifications WHERE status <> 'sent'`
        assert.deepStrictEqual(doubtful, [{ order_id: killed }])
        for (const order of orders) assert.strictEqual(mailsOf(world, order), 1)
      })
    )
  )

  it.live("and takes what it is given without an answer, few are in doubt; the others wait, and are mailed once", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const orders = yield* Effect.forEach(Array.from({ length: 100 }), () => addOrder(user))
        world.faults.mail = "unanswered"
        yield* startConsumers()
        yield* publish(orders.map((order) => confirmed(order, user)))
        const sql = yield* SqlClient.SqlClient
        const countOf = (status: string) =>
          Effect.map(
            sql<{ count: number }>`SELECT count(*)::int FROM notifications WHERE status = ${status}`,
            ([row]) => row!.count
          )
        yield* eventually(
          "ten are in doubt",
          Effect.map(countOf("unknown"), (count) => count >= 10)
        )
        world.faults.mail = undefined
        yield* eventually(
          "all others are told",
          Effect.andThen(
            hurry,
            Effect.map(Effect.all([countOf("unknown"), countOf("sent")]), ([doubtful, sent]) => doubtful + sent === 100)
          )
        )
        // Ten that found out, up to sixteen under way meanwhile, and some that tried before the fault was gone.
        assert.isBelow(yield* countOf("unknown"), 40)
        for (const order of orders) assert.strictEqual(mailsOf(world, order), 1)
      })
    )
  )

  it.live("what it took without an answer is unknown, and is not sent again when the event comes again", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({ phone: "+491701234567" })
        const order = yield* addOrder(user)
        world.faults.mail = "unanswered"
        yield* startConsumers()
        yield* publish([confirmed(order, user)])
        yield* told(order, 2)
        world.faults.mail = undefined
        // Another event about the same end, as a replay under a new id would be.
        const again = confirmed(order, user)
        yield* publish([again])
        yield* eventually(
          "it is handled",
          Effect.map(outcomeOf(again.event_id), (outcome) => outcome === "done")
        )
        assert.deepStrictEqual(yield* statusesOf(order), { confirmed_email: "unknown", confirmed_sms: "sent" })
        assert.deepStrictEqual((yield* announced(order)).toSorted(), ["email unknown", "sms sent"])
        assert.strictEqual(mailsOf(world, order), 1)
        assert.strictEqual(world.texts.length, 1)
      })
    )
  )
})

describe("while the object store is away", () => {
  it.live("no mail leads to a receipt that is not there; both come when it is back", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const [order, other] = [yield* addOrder(user), yield* addOrder(user, "CANCELLED")]
        world.faults.objects = true
        const event = confirmed(order, user)
        yield* startConsumers()
        yield* publish([event])
        yield* eventually(
          "it is parked",
          Effect.map(outcomeOf(event.event_id), (outcome) => outcome === "parked")
        )
        yield* publish([cancelled(other, user)])
        yield* told(other, 1)
        assert.strictEqual(mailsOf(world, order), 0)
        assert.isUndefined(yield* receiptOf(order))
        world.faults.objects = false
        yield* eventually(
          "it is told",
          Effect.andThen(
            hurry,
            Effect.map(announced(order), (said) => said.length === 1)
          )
        )
        assert.isDefined(yield* receiptOf(order))
        assert.strictEqual(mailsOf(world, order), 1)
      })
    )
  )
})

describe("the job that ends doubt", () => {
  it.live("makes old claims unknown, announces and counts each once, and leaves young ones alone", () =>
    inWorld(() =>
      Effect.gen(function* () {
        const user = yield* addUser({})
        const claimed = Effect.fnUntraced(function* (age: string) {
          const order = yield* addOrder(user)
          yield* claimedAgo(order, age)
          return order
        })
        const [old, young] = [yield* claimed("31 seconds"), yield* claimed("20 seconds")]
        const many = yield* Effect.forEach(Array.from({ length: 520 }), () => claimed("1 hour"))
        const before = yield* countOf("flowforge_notifications_total", { kind: "confirmed_email", status: "unknown" })
        yield* startJobs()
        yield* told(old, 1)
        for (const order of many) yield* told(order, 1)
        assert.deepStrictEqual(yield* announced(old), ["email unknown"])
        assert.deepStrictEqual(
          (yield* notificationsOf(old)).map(({ error, status }) => [status, error]),
          [["unknown", "no result within the time limit"]]
        )
        assert.deepStrictEqual(yield* statusesOf(young), { confirmed_email: "claimed" })
        assert.deepStrictEqual(yield* announced(young), [])
        assert.strictEqual(
          (yield* countOf("flowforge_notifications_total", { kind: "confirmed_email", status: "unknown" })) - before,
          521
        )
      })
    )
  )
})
