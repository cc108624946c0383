import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Company, type Fault, faults } from "./company.ts"
import {
  announced,
  created,
  handled,
  newOrder,
  outsideInMemory,
  publish,
  reaches,
  startService,
  statusOf
} from "./payments.ts"

const FOR_EVER = 100

/** How many events of these orders lie in a table of those that went wrong. */
const countIn = (table: "parked_events" | "dead_letters", orders: ReadonlyArray<OrderId>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ count: number }>(
      `SELECT count(*)::integer AS count FROM ${table} WHERE consumer_group = 'payment' AND key = ANY ($1::text[])`,
      [orders]
    )
  ).pipe(Effect.map((rows) => rows[0]?.count))

layer(outsideInMemory, { excludeTestServices: true })("a capture is driven to a definite outcome", (it) => {
  const firstCalls: ReadonlyArray<readonly [what: string, planned: ReadonlyArray<Fault>]> = [
    ["a 503", [faults.unavailable]],
    ["503 twice", [faults.unavailable, faults.unavailable]],
    ["silence", [faults.hangs]],
    ["silence after the capture", [faults.actsAndHangs]],
    ["a connection lost after the capture", [faults.actsAndBreaksOff]],
    ["a refusal after the capture", [faults.actsAndRefuses, faults.actsAndRefuses, faults.actsAndRefuses]],
    ["a bug in the client", [faults.dies, faults.dies, faults.dies]]
  ]
  it.effect("captures, and says so once, whatever the first calls came to", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const orders = firstCalls.map(([what, planned]) => ({ what, planned, orderId: newOrder() }))
      for (const { orderId, planned } of orders) company.plan("capture", orderId, ...planned)
      yield* startService()
      yield* publish(...orders.map(({ orderId }) => created(orderId)))
      for (const { orderId, planned, what } of orders) {
        yield* reaches(orderId, "captured")
        assert.deepStrictEqual(yield* announced(orderId), ["payment.succeeded"], what)
        const { calls, captured, refunded } = company.account(orderId)
        assert.deepStrictEqual([captured, refunded], [true, false], what)
        assert.isAtLeast(calls.capture, Math.min(planned.length, 2), what)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("learns from the company that a capture it always refused was made after all", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      company.plan("capture", order, ...Array<Fault>(FOR_EVER).fill(faults.actsAndRefuses))
      yield* startService({ maxPendingAge: "300 millis" })
      yield* publish(created(order))
      yield* reaches(order, "captured")
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded"])
      assert.isAtLeast(company.account(order).calls.void, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("voids what it cannot get captured in time, says that the payment failed, and captures nothing later", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      const message = created(order)
      company.plan("capture", order, ...Array<Fault>(FOR_EVER).fill(faults.refuses))
      yield* startService({ maxPendingAge: "300 millis" })
      yield* publish(message)
      yield* reaches(order, "declined")
      // A later call would go well, if anybody made it.
      company.plan("capture", order)
      yield* handled([message])
      yield* publish(created(order))
      const last = created(newOrder())
      yield* publish(last)
      yield* handled([last])
      assert.deepStrictEqual(yield* announced(order), ["payment.failed"])
      assert.isFalse(company.account(order).captured)
    }).pipe(Effect.scoped)
  )

  it.effect("waits while the company is down for all: nobody is parked, and no attempts are spent", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const orders = Array.from({ length: 10 }, newOrder)
      const messages = orders.map((order) => created(order))
      const before = company.calls()
      yield* startService()
      company.everybody(faults.unavailable)
      yield* publish(...messages)
      // Each was called once before the circuit opened: one more is a trial.
      yield* eventually(
        "a trial was made",
        Effect.sync(() => company.calls() - before > orders.length)
      )
      assert.strictEqual(yield* countIn("parked_events", orders), 0)
      for (const order of orders) assert.strictEqual(yield* statusOf(order), "pending")
      company.everybody(undefined)
      yield* handled(messages)
      for (const order of orders) assert.deepStrictEqual(yield* announced(order), ["payment.succeeded"])
      assert.strictEqual(yield* countIn("dead_letters", orders), 0)
    }).pipe(Effect.scoped)
  )
})
