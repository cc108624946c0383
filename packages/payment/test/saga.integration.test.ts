import { assert, layer } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import {
  announced,
  cancelled,
  created,
  newOrder,
  outside,
  publish,
  reaches,
  rowOf,
  Simulator,
  startService,
  statusOf
} from "./payments.ts"

/** A refund that was tried in vain. */
const isOwing = (row: Effect.Success<ReturnType<typeof rowOf>>): boolean =>
  row !== undefined && row.status === "refunding" && row.attempts > 1 && row.last_error !== null

layer(outside, { excludeTestServices: true })("the payment service", (it) => {
  it.effect("captures and says so once, the event delivered three times", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const [good, bad] = [newOrder(), newOrder()]
      const messages = [created(good), created(bad, "tok_declined")]
      yield* startService()
      yield* publish(...messages, ...messages)
      yield* publish(...messages)
      yield* reaches(good, "captured")
      yield* reaches(bad, "declined")
      yield* publish(...messages, created(good))
      const last = newOrder()
      yield* publish(created(last))
      yield* reaches(last, "captured")
      assert.deepStrictEqual(yield* announced(good), ["payment.succeeded"])
      assert.deepStrictEqual(yield* announced(bad), ["payment.failed"])
      assert.deepStrictEqual(yield* simulator.booked(good), ["captured"])
      assert.deepStrictEqual(yield* simulator.booked(bad), ["declined"])
    }).pipe(Effect.scoped)
  )

  it.effect("gives the money of a cancelled order back, once", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      yield* startService()
      yield* publish(created(order))
      yield* reaches(order, "captured")
      yield* publish(cancelled(order), cancelled(order))
      yield* reaches(order, "refunded")
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded", "payment.refunded"])
      assert.deepStrictEqual(yield* simulator.booked(order), ["captured", "refunded"])
    }).pipe(Effect.scoped)
  )

  it.effect("never captures an order whose cancellation came first", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      yield* startService()
      yield* publish(cancelled(order))
      yield* reaches(order, "void")
      yield* publish(created(order))
      const after = newOrder()
      yield* publish(created(after))
      yield* reaches(after, "captured")
      assert.deepStrictEqual(yield* announced(order), [])
      assert.deepStrictEqual(yield* simulator.booked(order), [])
    }).pipe(Effect.scoped)
  )

  it.effect("leaves no net money when a cancellation races with the capture", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const orders = Array.from({ length: 60 }, newOrder)
      yield* startService()
      yield* Effect.forEach(
        orders,
        (order, n) =>
          n % 2 === 0
            ? Effect.andThen(publish(created(order)), publish(cancelled(order)))
            : publish(created(order, n % 3 === 0 ? "tok_timeout_after_capture" : "tok_ok"), cancelled(order)),
        { concurrency: 4 }
      )
      for (const order of orders) {
        yield* eventually(
          `${order} ends`,
          Effect.map(statusOf(order), (status) => status === "void" || status === "refunded")
        )
        const booked = yield* simulator.booked(order)
        const captures = booked.filter((kind) => kind === "captured").length
        assert.isAtMost(captures, 1)
        assert.strictEqual(booked.filter((kind) => kind === "refunded").length, captures)
      }
    }).pipe(Effect.scoped)
  )

  it.effect(
    "captures once what the gateway captured without answering, and what it answers late or at the second try",
    () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const tokens = ["tok_timeout_after_capture", "tok_slow", "tok_flaky"]
        const orders = tokens.map(() => newOrder())
        yield* startService()
        yield* publish(...orders.map((order, n) => created(order, tokens[n])))
        for (const order of orders) {
          yield* reaches(order, "captured")
          assert.deepStrictEqual(yield* announced(order), ["payment.succeeded"])
          assert.deepStrictEqual(yield* simulator.booked(order), ["captured"])
        }
      }).pipe(Effect.scoped)
  )

  it.effect("goes on refunding until it works", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      yield* startService()
      yield* publish(created(order, "tok_refund_fails"))
      yield* reaches(order, "captured")
      yield* publish(cancelled(order))
      yield* reaches(order, "refunded")
      assert.deepStrictEqual(yield* simulator.booked(order), ["captured", "refunded"])
    }).pipe(Effect.scoped)
  )

  it.effect("waits while the gateway is away, shows what it owes, and goes on when the gateway is back", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const paid = newOrder()
      const orders = Array.from({ length: 40 }, newOrder)
      yield* startService()
      yield* publish(created(paid))
      yield* reaches(paid, "captured")
      yield* simulator.kill
      yield* publish(cancelled(paid), ...orders.map((order) => created(order)))
      yield* eventually("the refund has failed and shows it", Effect.map(rowOf(paid), isOwing))
      yield* simulator.start
      yield* reaches(paid, "refunded")
      for (const order of orders) {
        yield* eventually(
          `${order} ends`,
          Effect.map(announced(order), (said) => said.length === 1),
          "30 seconds"
        )
        const booked = (yield* simulator.booked(order)).filter((kind) => kind === "captured")
        const wanted = (yield* announced(order))[0] === "payment.succeeded" ? 1 : 0
        assert.strictEqual(booked.length, wanted)
      }
    }).pipe(Effect.scoped)
  )
})
