import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import type { Delivery } from "@flowforge/messaging"
import { locksInOrder, rowsRead } from "@flowforge/testkit"
import { Effect, Layer, Metric, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import { accepted, decide, type OrderMove, type OrderState } from "../src/domain.ts"
import * as Metrics from "../src/metrics.ts"
import { Settlements } from "../src/settlements.ts"
import { Orders } from "../src/store.ts"
import {
  inTransaction,
  layerOutside,
  layerUseCases,
  outOfStock,
  place,
  refunded,
  reserved,
  storyOf,
  unpaid
} from "./orders.ts"

const confirm = (...batch: ReadonlyArray<Delivery<any>>) => inTransaction((it) => it.confirm(batch))
const cancelUnpaid = (...batch: ReadonlyArray<Delivery<any>>) => inTransaction((it) => it.cancelUnpaid(batch))
const cancelOutOfStock = (...batch: ReadonlyArray<Delivery<any>>) => inTransaction((it) => it.cancelOutOfStock(batch))
const recordRefunds = (...batch: ReadonlyArray<Delivery<any>>) => inTransaction((it) => it.recordRefunds(batch))
const cancelByCustomer = (order: OrderId) => Settlements.use((settlements) => settlements.cancelByCustomer(order))

const rowOf = (order: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ status: string; cancel_reason: string | null; failed_items: unknown }>`
      SELECT status, cancel_reason, failed_items FROM orders WHERE id = ${order}::uuid`
  ).pipe(Effect.map((rows) => rows[0]))

const saidOf = (order: OrderId, topic: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ value: Uint8Array; headers: Uint8Array }>`
      SELECT value, headers FROM outbox WHERE key = ${order} AND topic = ${topic}`
  ).pipe(
    Effect.map((rows) => {
      const { event_id: _, timestamp: __, ...event } = JSON.parse(Buffer.from(rows[0]!.value).toString())
      return { event, headers: JSON.parse(Buffer.from(rows[0]!.headers).toString()) as Record<string, string> }
    })
  )

const placeMany = (count: number) => Effect.all(Array.from({ length: count }, () => place()))

layer(layerUseCases.pipe(Layer.provideMerge(layerOutside)), { excludeTestServices: true })("settlements", (it) => {
  it.effect("confirms a reserved order, and says at what prices", () =>
    Effect.gen(function* () {
      const order = yield* place()
      const delivery = { ...reserved(order), traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }
      yield* confirm(delivery)
      assert.deepStrictEqual(yield* rowOf(order), { status: "CONFIRMED", cancel_reason: null, failed_items: null })
      assert.deepStrictEqual(yield* storyOf(order), {
        history: ["PENDING", "CONFIRMED"],
        said: ["order.created", "order.confirmed"]
      })
      const { event, headers } = yield* saidOf(order, "order.confirmed")
      assert.deepStrictEqual(event, {
        event_type: "order.confirmed",
        order_id: order,
        user_id: "00000000-0000-7000-8000-000000000001",
        items: [{ item_id: 1, quantity: 1, price: 12.5 }],
        total_amount: 12.5
      })
      assert.strictEqual(headers["causationid"], delivery.eventId)
      assert.strictEqual(headers["traceparent"], delivery.traceparent)
    })
  )

  it.effect("cancels an order that was not paid, or not in stock with what was missing", () =>
    Effect.gen(function* () {
      const [unpaidOrder, missing] = [yield* place(), yield* place()]
      yield* cancelUnpaid(unpaid(unpaidOrder, "insufficient funds"))
      yield* cancelOutOfStock(outOfStock(missing))
      assert.strictEqual((yield* rowOf(unpaidOrder))?.cancel_reason, "PAYMENT_FAILED")
      assert.strictEqual((yield* saidOf(unpaidOrder, "order.cancelled")).event.reason, "PAYMENT_FAILED")
      assert.notProperty((yield* saidOf(unpaidOrder, "order.cancelled")).event, "failed_items")
      const failed_items = [{ item_id: 1, requested: 1, available: 0 }]
      assert.deepStrictEqual(yield* rowOf(missing), {
        status: "CANCELLED",
        cancel_reason: "OUT_OF_STOCK",
        failed_items
      })
      assert.deepStrictEqual((yield* saidOf(missing, "order.cancelled")).event.failed_items, failed_items)
    })
  )

  it.effect("appends nothing for repeats, within a batch or in later ones, and nothing for what came too late", () =>
    Effect.gen(function* () {
      const orders = yield* placeMany(20)
      const reports = orders.map(reserved)
      yield* confirm(...reports, ...reports.toReversed())
      yield* confirm(...reports)
      yield* confirm(...orders.map(reserved))
      yield* cancelUnpaid(...orders.map((order) => unpaid(order)))
      yield* cancelOutOfStock(...orders.map(outOfStock))
      yield* recordRefunds(...orders.map(refunded))
      for (const order of orders) {
        assert.strictEqual((yield* Effect.flip(cancelByCustomer(order)))._tag, "OrderAlreadyFinal")
        assert.deepStrictEqual(yield* storyOf(order), {
          history: ["PENDING", "CONFIRMED"],
          said: ["order.created", "order.confirmed"]
        })
      }
    })
  )

  it.effect("keeps the customer's cancellation when a failed payment follows, and records the refund once", () =>
    Effect.gen(function* () {
      const order = yield* place()
      yield* cancelByCustomer(order)
      yield* cancelUnpaid(unpaid(order))
      yield* confirm(reserved(order))
      const refund = refunded(order)
      yield* recordRefunds(refund, refund)
      yield* recordRefunds(refund, refunded(order))
      assert.deepStrictEqual(yield* rowOf(order), {
        status: "CANCELLED",
        cancel_reason: "CUSTOMER",
        failed_items: null
      })
      assert.deepStrictEqual(yield* storyOf(order), {
        history: ["PENDING", "CANCELLED", "REFUNDED"],
        said: ["order.created", "order.cancelled"]
      })
    })
  )

  it.effect("moves orders by reading them alone, however many others there are", () =>
    Effect.gen(function* () {
      const [one, two] = yield* placeMany(50)
      // Each is read to be locked, to be changed and to hold its history.
      assert.isAtMost(yield* rowsRead("orders", confirm(reserved(one!), reserved(two!))), 6)
    })
  )

  it.effect("ends each order of a batch by its own state, whatever the others' are", () =>
    Effect.gen(function* () {
      const [open, confirmed, cancelled] = [yield* place(), yield* place(), yield* place()]
      yield* confirm(reserved(confirmed))
      yield* cancelByCustomer(cancelled)
      yield* cancelUnpaid(unpaid(cancelled), unpaid(open), unpaid(confirmed))
      const states = yield* Effect.forEach([open, confirmed, cancelled], rowOf)
      assert.deepStrictEqual(
        states.map((row) => row?.cancel_reason ?? row?.status),
        ["PAYMENT_FAILED", "CONFIRMED", "CUSTOMER"]
      )
    })
  )

  it.effect("refuses a batch with an order that never was as a whole, for its consumer to find the one at fault", () =>
    Effect.gen(function* () {
      const order = yield* place()
      const unknown = "019ab1f0-5c00-7a3e-9c1d-2f4b6a8c0d1e" as OrderId
      for (const [handle, report] of [
        [confirm, reserved],
        [cancelUnpaid, unpaid],
        [cancelOutOfStock, outOfStock],
        [recordRefunds, refunded]
      ] as const) {
        const refusal = yield* Effect.flip(handle(report(order), report(unknown)))
        assert.strictEqual(refusal._tag, "Unprocessable")
      }
      assert.deepStrictEqual(yield* storyOf(order), { history: ["PENDING"], said: ["order.created"] })
      assert.strictEqual((yield* Effect.flip(cancelByCustomer(unknown)))._tag, "OrderNotFound")
    })
  )

  it.effect("locks orders in the order of their ids, however they lie in the table", () =>
    Effect.gen(function* () {
      const orders = yield* Orders
      const [first, second] = (yield* placeMany(2)).toSorted() as [OrderId, OrderId]
      yield* locksInOrder({ table: "orders", key: "id", first, second }, orders.lock([second, first]))
    })
  )

  it.effect(
    "decides confirmation against cancellation once for each of many orders, in whatever order they are locked",
    () =>
      Effect.gen(function* () {
        const orders = yield* placeMany(200)
        const batches = Array.from({ length: 4 }, (_, n) => orders.slice(n * 50, n * 50 + 50))
        yield* Effect.all(
          [
            ...batches.map((batch) => confirm(...batch.map(reserved))),
            ...batches.map((batch) => cancelUnpaid(...batch.toReversed().map((order) => unpaid(order)))),
            ...orders.map((order) => Effect.ignore(cancelByCustomer(order)))
          ],
          { concurrency: "unbounded" }
        )
        for (const order of orders) {
          const { history, said } = yield* storyOf(order)
          assert.include(
            ["PENDING,CONFIRMED order.created,order.confirmed", "PENDING,CANCELLED order.created,order.cancelled"],
            `${history.join()} ${said.join()}`
          )
        }
      })
  )

  it.effect("agrees with the domain on any sequence of reports", () =>
    Effect.gen(function* () {
      const run = Effect.runPromiseWith(
        yield* Effect.context<Effect.Services<ReturnType<typeof confirm | typeof place>>>()
      )
      const reports = {
        confirm: { move: { _tag: "Confirm" }, report: (order: OrderId) => confirm(reserved(order)) },
        unpaid: {
          move: { _tag: "Cancel", reason: "PAYMENT_FAILED" },
          report: (order: OrderId) => cancelUnpaid(unpaid(order))
        },
        outOfStock: {
          move: { _tag: "Cancel", reason: "OUT_OF_STOCK" },
          report: (order: OrderId) => cancelOutOfStock(outOfStock(order))
        },
        customer: {
          move: { _tag: "Cancel", reason: "CUSTOMER" },
          report: (order: OrderId) => Effect.ignore(cancelByCustomer(order))
        },
        refund: { move: { _tag: "RecordRefund" }, report: (order: OrderId) => recordRefunds(refunded(order)) }
      } satisfies Record<string, { move: OrderMove; report: (order: OrderId) => unknown }>
      const names = Object.keys(reports) as Array<keyof typeof reports>
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 6 }), async (sequence) => {
            const order = await run(place())
            let state: OrderState = accepted
            const history = ["PENDING"]
            for (const name of sequence) {
              await run(reports[name].report(order))
              const next = decide(state, reports[name].move)
              if (Result.isFailure(next)) continue
              state = next.success
              history.push(name === "confirm" ? "CONFIRMED" : name === "refund" ? "REFUNDED" : "CANCELLED")
            }
            const row = await run(rowOf(order))
            const { history: noted, said } = await run(storyOf(order))
            assert.deepStrictEqual(noted, history)
            assert.strictEqual(row?.status, state._tag.toUpperCase())
            assert.strictEqual(row?.cancel_reason, state._tag === "Cancelled" ? state.reason : null)
            assert.strictEqual(said.length, state._tag === "Pending" ? 1 : 2)
          }),
          { numRuns: 60 }
        )
      )
    })
  )

  it.effect("counts orders by the state they reached and times them, once each, and not those rolled back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const orders = yield* placeMany(5)
      yield* sql`UPDATE orders SET created_at = created_at - interval '40 seconds' WHERE id = ANY(${[...orders]}::uuid[])`
      const confirmed = Metrics.reached("CONFIRMED")
      const unpaidOrders = Metrics.reached("CANCELLED", "PAYMENT_FAILED")
      const read = Effect.gen(function* () {
        const { count, sum } = yield* Metric.value(confirmed.duration)
        return {
          confirmed: (yield* Metric.value(confirmed.count)).count,
          unpaid: (yield* Metric.value(unpaidOrders.count)).count,
          timed: count,
          seconds: sum
        }
      })
      const before = yield* read
      yield* Effect.flip(
        sql.withTransaction(Effect.andThen(confirm(...orders.map(reserved)), Effect.fail("rolled back")))
      )
      assert.deepStrictEqual(yield* read, before)
      yield* confirm(...orders.slice(0, 3).map(reserved))
      yield* confirm(...orders.slice(0, 3).map(reserved))
      yield* cancelUnpaid(...orders.map((order) => unpaid(order)))
      const after = yield* read
      assert.strictEqual(Number(after.confirmed) - Number(before.confirmed), 3)
      assert.strictEqual(Number(after.unpaid) - Number(before.unpaid), 2)
      assert.strictEqual(after.timed - before.timed, 3)
      assert.isAtLeast(after.seconds - before.seconds, 120)
    })
  )
})
