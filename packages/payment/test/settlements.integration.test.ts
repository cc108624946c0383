import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { rowsRead } from "@flowforge/testkit"
import { Effect, Fiber, Logger, Metric } from "effect"
import { SqlClient } from "effect/sql"
import * as Metrics from "../src/metrics.ts"
import { PaymentMoves } from "../src/payments.ts"
import { settleDue } from "../src/settlements.ts"
import { makeSurvey } from "../src/survey.ts"
import { Company, faults, hold } from "./company.ts"
import { deliveryOfCancelled, deliveryOfCreated, layerMoves, oweRefunds } from "./moves.ts"
import { announced, newOrder, rowOf, statusOf } from "./payments.ts"

const settleAll = Effect.repeat(settleDue, { while: (taken) => taken > 0 })

const setDue = (orderId: OrderId) =>
  SqlClient.SqlClient.use((sql) => sql`UPDATE payments SET next_attempt_at = now() WHERE order_id = ${orderId}`)

/** As if the order had been cancelled so long ago. */
const age = (orderId: OrderId, seconds: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`UPDATE payments SET updated_at = now() - ${seconds} * interval '1 second' WHERE order_id = ${orderId}`
  )

const gauges = Effect.gen(function* () {
  const refunding = Metrics.owed.find(({ status }) => status === "refunding")!
  return {
    count: (yield* Metric.value(refunding.count)).value,
    oldestSeconds: (yield* Metric.value(refunding.oldestSeconds)).value
  }
})

layer(layerMoves, { excludeTestServices: true })("settlements", (it) => {
  it.effect("four workers at once refund each of two hundred orders with one call, and say each once", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const orders = Array.from({ length: 200 }, newOrder)
      yield* oweRefunds(orders)
      yield* Effect.all([settleAll, settleAll, settleAll, settleAll], { concurrency: 4 })
      for (const order of orders) {
        assert.strictEqual(yield* statusOf(order), "refunded")
        assert.strictEqual(company.account(order).calls.refund, 1)
        assert.deepStrictEqual(yield* announced(order), ["payment.succeeded", "payment.refunded"])
      }
    })
  )

  it.effect("cancels payments by reading them alone, however many others there are", () =>
    Effect.gen(function* () {
      const moves = yield* PaymentMoves
      const orders = Array.from({ length: 50 }, newOrder)
      yield* oweRefunds(orders)
      yield* settleAll
      const [one, two] = [newOrder(), newOrder()]
      const sql = yield* SqlClient.SqlClient
      yield* sql.withTransaction(moves.intend([deliveryOfCreated(one), deliveryOfCreated(two)]))
      // Each is found to be there already, and read to be locked and to be changed.
      const cancelling = moves.cancel([deliveryOfCancelled(one), deliveryOfCancelled(two)])
      assert.isAtMost(yield* rowsRead("payments", cancelling), 6)
    })
  )

  it.effect("says a refund once when a worker that was thought dead comes back with the same answer", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      yield* oweRefunds([order])
      const frozen = yield* hold("after")
      company.plan("refund", order, frozen.fault)
      const first = yield* Effect.forkChild(settleDue)
      yield* frozen.reached
      assert.strictEqual(yield* settleDue, 0, "it is in the first worker's hands")
      yield* setDue(order)
      yield* settleDue
      assert.strictEqual(yield* statusOf(order), "refunded")
      yield* frozen.release
      yield* Fiber.join(first)
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded", "payment.refunded"])
    })
  )

  it.effect("shows a refund that keeps failing in its row and in the gauges, says so once, and when it is over", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      const said: Array<string> = []
      const log = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
      const look = Effect.provide(yield* makeSurvey, log)
      yield* oweRefunds([order])
      company.plan("refund", order, faults.refuses, faults.unavailable, faults.dies)
      yield* look
      assert.strictEqual((yield* gauges).count, 1)
      for (let n = 1; n <= 3; n++) {
        yield* setDue(order)
        yield* settleDue
        const row = yield* rowOf(order)
        assert.deepInclude(row, { status: "refunding", attempts: n })
        assert.isNotEmpty(row?.last_error)
        yield* age(order, 100)
        yield* look
      }
      assert.strictEqual((yield* gauges).count, 1)
      assert.isAtLeast((yield* gauges).oldestSeconds, 100)
      yield* setDue(order)
      yield* settleDue
      yield* look
      assert.deepStrictEqual(yield* gauges, { count: 0, oldestSeconds: 0 })
      assert.deepInclude(yield* rowOf(order), { status: "refunded", attempts: 0, last_error: null })
      assert.deepStrictEqual(said, [
        "voids or refunds are overdue: the gateway keeps failing them",
        "every void and refund has come through"
      ])
    })
  )

  it.effect("a bug at one payment leaves those beside it alone", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const orders = Array.from({ length: 10 }, newOrder)
      yield* oweRefunds(orders)
      company.plan("refund", orders[4]!, faults.dies)
      yield* settleDue
      for (const [n, order] of orders.entries()) {
        assert.strictEqual(yield* statusOf(order), n === 4 ? "refunding" : "refunded")
      }
    })
  )

  it.effect("keeps answers that have come together in one transaction", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const orders = Array.from({ length: 32 }, newOrder)
      yield* oweRefunds(orders)
      yield* settleDue
      const [said] = yield* sql.unsafe<{ refunds: number; transactions: number }>(
        `SELECT count(*)::int AS refunds, count(DISTINCT xid)::int AS transactions
         FROM outbox WHERE topic = 'payment.refunded' AND key = ANY($1::text[])`,
        [orders]
      )
      assert.strictEqual(said!.refunds, 32)
      assert.isAtMost(said!.transactions, 16)
    })
  )

  it.effect("an answer that cannot be kept is asked for again later, and holds up none of the others", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const orders = Array.from({ length: 8 }, newOrder)
      yield* oweRefunds(orders)
      yield* sql.unsafe(`ALTER TABLE payments ADD CONSTRAINT unkeepable
        CHECK (order_id <> '${orders[4]!}' OR status <> 'refunded') NOT VALID`)
      yield* settleDue
      for (const [n, order] of orders.entries()) {
        assert.strictEqual(yield* statusOf(order), n === 4 ? "refunding" : "refunded")
      }
      assert.strictEqual((yield* rowOf(orders[4]!))?.attempts, 1)
      yield* sql.unsafe("ALTER TABLE payments DROP CONSTRAINT unkeepable")
      yield* setDue(orders[4]!)
      yield* settleDue
      assert.strictEqual(yield* statusOf(orders[4]!), "refunded")
    })
  )
})
