import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { eventually, TestDatabase } from "@flowforge/testkit"
import { Effect, Redacted } from "effect"
import * as fc from "fast-check"
import {
  announced,
  cancelled,
  created,
  doneAmong,
  newOrder,
  outside,
  publish,
  reaches,
  Simulator,
  statusOf
} from "./payments.ts"

const program = fileURLToPath(new URL("service-to-kill.ts", import.meta.url))

/** The payment service as a process of its own, killed with the scope at the latest. */
const startProcess = Effect.gen(function* () {
  const { url } = yield* TestDatabase
  const simulator = yield* Simulator
  const child = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [program, Redacted.value(url), simulator.url], {
        env: {
          PAYMENT_GATEWAY_TIMEOUT: "400 millis",
          PAYMENT_RETRY_BASE: "20 millis",
          PAYMENT_RETRY_CAP: "100 millis"
        },
        stdio: ["ignore", "pipe", "inherit"]
      })
      await once(child.stdout!, "data")
      child.stdout!.resume()
      return child
    }),
    (child) => Effect.promise(() => kill(child))
  )
  return Effect.promise(() => kill(child))
})

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGKILL")
  await exit
}

const isBooked = (orderId: OrderId, kind: string) =>
  Simulator.use((simulator) => Effect.map(simulator.booked(orderId), (booked) => booked.includes(kind as never)))

layer(outside, { excludeTestServices: true })("the payment service, killed", (it) => {
  it.effect("between the capture and its record: calls again under the same key, and says so once", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      const killFirst = yield* startProcess
      // Books the capture and does not answer: killed within the time that the call may take.
      yield* publish(created(order, "tok_timeout_after_capture"))
      yield* eventually("the capture is booked", isBooked(order, "captured"))
      yield* killFirst
      assert.deepStrictEqual(yield* announced(order), [])
      yield* startProcess
      yield* reaches(order, "captured")
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded"])
      assert.deepStrictEqual(yield* simulator.booked(order), ["captured"])
    }).pipe(Effect.scoped)
  )

  it.effect("between the intent and the capture: captures once, though both calls reach the company", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      const killFirst = yield* startProcess
      yield* simulator.change({ latency_ms: 350 })
      yield* publish(created(order))
      yield* reaches(order, "pending")
      yield* killFirst
      yield* simulator.change({ latency_ms: 0 })
      yield* startProcess
      yield* reaches(order, "captured")
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded"])
      assert.deepStrictEqual(yield* simulator.booked(order), ["captured"])
    }).pipe(Effect.scoped)
  )

  it.effect("during the refund: refunds once and says so once", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const order = newOrder()
      const killFirst = yield* startProcess
      yield* publish(created(order))
      yield* reaches(order, "captured")
      yield* simulator.change({ latency_ms: 350 })
      yield* publish(cancelled(order))
      yield* reaches(order, "refunding")
      yield* killFirst
      yield* simulator.change({ latency_ms: 0 })
      yield* startProcess
      yield* reaches(order, "refunded")
      assert.deepStrictEqual(yield* announced(order), ["payment.succeeded", "payment.refunded"])
      assert.deepStrictEqual(yield* simulator.booked(order), ["captured", "refunded"])
    }).pipe(Effect.scoped)
  )

  it.effect(
    "again and again, and the company too: nobody pays twice, or pays for a cancelled order",
    () =>
      Effect.gen(function* () {
        const run = Effect.runPromiseWith(yield* Effect.context<Effect.Services<ReturnType<typeof survive>>>())
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(plans, (plan) => run(Effect.scoped(survive(plan)))),
            { numRuns: 1, endOnFailure: true }
          )
        )
      }).pipe(Effect.scoped),
    90_000
  )
})

const TOKENS = ["tok_ok", "tok_declined", "tok_flaky", "tok_timeout_after_capture", "tok_refund_fails"]
const ORDERS = 40
const KILLS = 4

const plans = fc.record({
  tokens: fc.array(fc.constantFrom(...TOKENS), { minLength: ORDERS, maxLength: ORDERS }),
  cancels: fc.array(fc.boolean(), { minLength: ORDERS, maxLength: ORDERS }),
  /** A creation for each order, then a cancellation for each; those of orders that are not cancelled are left out. */
  arrival: fc.shuffledSubarray([...Array(2 * ORDERS).keys()], { minLength: 2 * ORDERS }),
  killsCompany: fc.array(fc.boolean(), { minLength: KILLS, maxLength: KILLS })
})

const survive = ({
  arrival,
  cancels,
  killsCompany,
  tokens
}: typeof plans extends fc.Arbitrary<infer Plan> ? Plan : never) =>
  Effect.gen(function* () {
    const simulator = yield* Simulator
    const orders = tokens.map((token, n) => ({ orderId: newOrder(), token, isCancelled: cancels[n] === true }))
    const messages = arrival.flatMap((n) => {
      const { isCancelled, orderId, token } = orders[n % ORDERS]!
      return n < ORDERS ? [created(orderId, token)] : isCancelled ? [cancelled(orderId)] : []
    })
    const share = Math.ceil(messages.length / KILLS)
    for (const [n, killsTheCompany] of killsCompany.entries()) {
      const batch = messages.slice(n * share, (n + 1) * share)
      yield* simulator.change({ failure_rate: 0.1, refund_failure_rate: 0.3, timeout_after_capture_rate: 0.1 })
      const killService = yield* startProcess
      yield* publish(...batch, ...batch)
      yield* eventually(
        "some of it is handled",
        Effect.map(doneAmong(batch), (done) => done > 0)
      )
      yield* killService
      if (!killsTheCompany) continue
      yield* simulator.kill
      yield* simulator.start
    }
    yield* simulator.change({ failure_rate: 0, refund_failure_rate: 0, timeout_after_capture_rate: 0 })
    yield* startProcess
    for (const { isCancelled, orderId, token } of orders) {
      const ends = token === "tok_declined" ? ["declined", "void"] : isCancelled ? ["refunded", "void"] : ["captured"]
      yield* eventually(
        `${orderId} with ${token} ends as ${ends.join(" or ")}`,
        Effect.map(statusOf(orderId), (status) => ends.includes(status ?? "")),
        "30 seconds"
      )
      const booked = yield* simulator.booked(orderId)
      const captures = booked.filter((kind) => kind === "captured").length
      assert.isAtMost(captures, 1)
      assert.strictEqual(booked.filter((kind) => kind === "refunded").length, isCancelled ? captures : 0)
      const said = yield* announced(orderId)
      assert.strictEqual(new Set(said).size, said.length, "nothing is said twice")
    }
  })
