import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { Company, faults, hold } from "./company.ts"
import {
  announced,
  cancelled,
  created,
  handled,
  newOrder,
  outsideInMemory,
  publish,
  reaches,
  startService,
  statusOf
} from "./payments.ts"

/** Every order in which so many of each can arrive. */
const arrivals = (creations: number, cancellations: number): ReadonlyArray<string> =>
  creations + cancellations === 0
    ? [""]
    : [
        ...(creations === 0 ? [] : arrivals(creations - 1, cancellations).map((rest) => `o${rest}`)),
        ...(cancellations === 0 ? [] : arrivals(creations, cancellations - 1).map((rest) => `x${rest}`))
      ]

/** Waits until everything that was published before has been handled. */
const caughtUp = Effect.gen(function* () {
  const last = Array.from({ length: 20 }, () => [created(newOrder()), cancelled(newOrder())]).flat()
  yield* publish(...last)
  yield* handled(last)
})

layer(outsideInMemory, { excludeTestServices: true })("an order that is cancelled", (it) => {
  it.effect("ends without net money however three creations and three cancellations arrive, each delivered twice", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const orders = arrivals(3, 3).map((arrival) => ({ arrival, orderId: newOrder() }))
      yield* startService()
      for (let step = 0; step < 6; step++) {
        const messages = orders.map(({ arrival, orderId }) =>
          arrival[step] === "o" ? created(orderId) : cancelled(orderId)
        )
        yield* publish(...messages, ...messages)
        yield* handled(messages)
      }
      for (const { arrival, orderId } of orders) {
        const wasCaptured = arrival.startsWith("o")
        yield* reaches(orderId, wasCaptured ? "refunded" : "void")
        const said = wasCaptured ? ["payment.succeeded", "payment.refunded"] : []
        assert.deepStrictEqual(yield* announced(orderId), said, arrival)
        const { calls, captured, refunded } = company.account(orderId)
        assert.deepStrictEqual([captured, refunded], [wasCaptured, wasCaptured], arrival)
        assert.strictEqual(calls.capture, wasCaptured ? 1 : 0, arrival)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("is voided when its capture has not reached the company yet, which then refuses it", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      const capture = yield* hold("before")
      company.plan("capture", order, capture.fault)
      yield* startService()
      yield* publish(created(order))
      yield* capture.reached
      yield* publish(cancelled(order))
      yield* reaches(order, "void")
      yield* capture.release
      yield* caughtUp
      assert.strictEqual(yield* statusOf(order), "void")
      assert.deepStrictEqual(yield* announced(order), [])
      assert.isFalse(company.account(order).captured)
    }).pipe(Effect.scoped)
  )

  it.effect("is refunded once when its capture was made and the answer is still on its way", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      const capture = yield* hold("after")
      company.plan("capture", order, capture.fault)
      yield* startService()
      yield* publish(created(order))
      yield* capture.reached
      yield* publish(cancelled(order))
      yield* reaches(order, "refunded")
      yield* capture.release
      yield* caughtUp
      assert.strictEqual(yield* statusOf(order), "refunded")
      assert.deepStrictEqual(yield* announced(order), ["payment.refunded"])
      assert.strictEqual(company.account(order).calls.refund, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("is refunded once when the answers to void and refund are lost", () =>
    Effect.gen(function* () {
      const company = yield* Company
      const order = newOrder()
      const capture = yield* hold("after")
      company.plan("capture", order, capture.fault)
      company.plan("void", order, faults.unavailable, faults.actsAndBreaksOff, faults.actsAndHangs, faults.dies)
      company.plan("refund", order, faults.unavailable, faults.actsAndBreaksOff, faults.actsAndHangs, faults.dies)
      yield* startService()
      yield* publish(created(order))
      yield* capture.reached
      yield* publish(cancelled(order))
      yield* reaches(order, "refunded")
      yield* capture.release
      yield* caughtUp
      assert.deepStrictEqual(yield* announced(order), ["payment.refunded"])
      assert.strictEqual(company.account(order).calls.refund, 5)
    }).pipe(Effect.scoped)
  )

  it.effect("gets its money back at once, though the settlements were idle", () =>
    Effect.gen(function* () {
      const orders = [newOrder(), newOrder(), newOrder()]
      yield* startService()
      const cancel = (order: OrderId) =>
        Effect.gen(function* () {
          yield* publish(created(order))
          yield* reaches(order, "captured")
          yield* publish(cancelled(order))
          // Far below what an idle worker waits.
          yield* reaches(order, "refunded", "2 seconds")
        })
      yield* Effect.forEach(orders, cancel, { discard: true })
      yield* eventually(
        "all is said",
        Effect.map(announced(orders[2]!), (said) => said.length === 2)
      )
    }).pipe(Effect.scoped)
  )
})
