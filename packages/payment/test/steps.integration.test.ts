import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { locksInOrder } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import type { GatewayFact } from "../src/domain.ts"
import { type CaptureRequest, PaymentGateway } from "../src/gateway/index.ts"
import { PaymentMoves } from "../src/payments.ts"
import { settleDue } from "../src/settlements.ts"
import { Payments } from "../src/store.ts"
import { Company, faults } from "./company.ts"
import { deliveryOfCancelled, deliveryOfCreated, layerMoves } from "./moves.ts"
import { announced, newOrder, statusOf } from "./payments.ts"

/**
 * What can happen next. Each is one transaction or one call, so a crash between any two of them is a sequence in which
 * what was to follow does not.
 */
const STEPS = [
  "intend",
  "intend, rolled back",
  "call",
  "call, the answer lost",
  "learn",
  "learn, rolled back",
  "crash",
  "cancel",
  "cancel, rolled back",
  "settle",
  "settle, the answer lost",
  "settle, two workers at once"
] as const

type Step = (typeof STEPS)[number]

const rolledBack = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) => sql.withTransaction(Effect.andThen(effect, Effect.fail("crash")))).pipe(
    Effect.ignore
  )

const makeRun = (orderId: OrderId, token: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const moves = yield* PaymentMoves
    const gateway = yield* PaymentGateway
    const company = yield* Company
    const planned: Array<CaptureRequest> = []
    const answers: Array<GatewayFact> = []
    const seen = { created: false, cancelled: false }

    const intend = moves.intend([deliveryOfCreated(orderId, token)])
    const cancel = moves.cancel([deliveryOfCancelled(orderId)])
    const learn = (event: GatewayFact) => moves.learn([{ orderId, event, cause: undefined }])
    // What waits for its next attempt, or in the hands of a worker that died, is due again some time.
    const makeDue = sql`UPDATE payments SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL`

    const step = (name: Step): Effect.Effect<unknown, unknown, Effect.Services<typeof settleDue>> => {
      switch (name) {
        case "intend":
          seen.created = true
          return Effect.tap(sql.withTransaction(intend), ([request]) =>
            Effect.sync(() => request !== undefined && planned.push(request))
          )
        case "intend, rolled back":
          return rolledBack(intend)
        case "call":
        case "call, the answer lost": {
          const request = planned.shift()
          if (request === undefined) return Effect.void
          return Effect.tap(gateway.capture(request), (fact) =>
            Effect.sync(() => name === "call" && answers.push(fact))
          )
        }
        case "learn":
        case "learn, rolled back": {
          const fact = answers.shift()
          if (fact === undefined) return Effect.void
          return name === "learn" ? sql.withTransaction(learn(fact)) : rolledBack(learn(fact))
        }
        case "crash":
          planned.length = 0
          answers.length = 0
          return Effect.void
        case "cancel":
          seen.cancelled = true
          return sql.withTransaction(cancel)
        case "cancel, rolled back":
          return rolledBack(cancel)
        case "settle, the answer lost":
          company.plan("void", orderId, faults.actsAndBreaksOff)
          company.plan("refund", orderId, faults.actsAndBreaksOff)
          return Effect.andThen(makeDue, settleDue)
        case "settle":
          return Effect.andThen(makeDue, settleDue)
        case "settle, two workers at once":
          return Effect.andThen(makeDue, Effect.all([settleDue, settleDue], { concurrency: 2 }))
      }
    }
    return { step, seen, company }
  })

const check = (steps: ReadonlyArray<Step>, token: string) =>
  Effect.gen(function* () {
    const orderId = newOrder()
    const { company, seen, step } = yield* makeRun(orderId, token)
    // In the end what was delivered is delivered again, every answer comes home, and the settlements do their work.
    const ending: ReadonlyArray<Step> = [
      ...(seen.created ? (["intend"] as const) : []),
      ...Array<Step>(steps.length + 1).fill("call"),
      ...Array<Step>(steps.length + 1).fill("learn")
    ]
    for (const name of steps) yield* step(name)
    if (seen.created) yield* step("intend")
    for (const name of ending) yield* step(name)
    for (let n = 0; n < 4; n++) yield* step("settle")

    const { calls, captured, refunded } = company.account(orderId)
    const status = yield* statusOf(orderId)
    const said = yield* announced(orderId)
    assert.strictEqual(refunded, captured && seen.cancelled)
    if (!seen.created && !seen.cancelled) return assert.isUndefined(status)
    const isDeclined = token !== "tok_ok"
    const ends = captured
      ? [seen.cancelled ? "refunded" : "captured"]
      : seen.cancelled
        ? isDeclined
          ? ["void", "declined"]
          : ["void"]
        : ["declined"]
    assert.include(ends, status)
    if (status === "void") assert.isFalse(captured)
    if (status === "refunded") assert.isAtLeast(calls.refund, 1)
    const allowed: Record<string, ReadonlyArray<string>> = {
      captured: ["payment.succeeded"],
      declined: ["payment.failed"],
      void: [""],
      refunded: ["payment.refunded", "payment.succeeded payment.refunded"]
    }
    assert.include(allowed[status ?? ""] ?? [], said.join(" "))
  })

layer(layerMoves, { excludeTestServices: true })("any interleaving of transactions, calls and crashes", (it) => {
  it.effect(
    "leaves at most one capture, no net money on a cancelled order, and each end said once",
    () =>
      Effect.gen(function* () {
        const run = Effect.runPromiseWith(yield* Effect.context<Effect.Services<ReturnType<typeof check>>>())
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              fc.array(fc.constantFrom(...STEPS), { maxLength: 16 }),
              fc.constantFrom("tok_ok", "tok_ok", "tok_declined"),
              (steps, token) => run(check(steps, token))
            ),
            { numRuns: 150 }
          )
        )
      }),
    60_000
  )
})

layer(layerMoves, { excludeTestServices: true })("payments", (it) => {
  it.effect("are locked in the order of their orders' ids, however they lie in the table", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const payments = yield* Payments
      const moves = yield* PaymentMoves
      const [first, second] = [newOrder(), newOrder()].toSorted() as [OrderId, OrderId]
      yield* sql.withTransaction(moves.intend([first, second].map((order) => deliveryOfCreated(order))))
      yield* locksInOrder({ table: "payments", key: "order_id", first, second }, payments.lock([second, first]))
    })
  )
})
