import { MinorUnits } from "@flowforge/contracts"
import { Clock, Duration, Effect, Layer, Metric, Random } from "effect"
import { SqlClient } from "effect/sql"
import { SettlementBell } from "./bell.ts"
import { PaymentConfig } from "./config.ts"
import { owed } from "./domain.ts"
import { PaymentGateway } from "./gateway/index.ts"
import * as Metrics from "./metrics.ts"
import { PaymentMoves } from "./payments.ts"
import { type Payment, Payments } from "./store.ts"

const BATCH = 32
const CONCURRENCY = 8
/** Longer than any call may take: a worker that dies leaves its payments to others after this. */
const LEASE_MILLIS = 30_000
const POLL = "1 second"
/** How often the gauge is counted. */
const SURVEY_MILLIS = 30_000
/** From so many failed attempts on, each further doubling of them is worth a warning. */
const WARN_FROM = 4

/** Asks the gateway for what it owes this payment's order, and keeps the answer. */
const settle = Effect.fnUntraced(function* (payment: Payment) {
  const gateway = yield* PaymentGateway
  const moves = yield* PaymentMoves
  const store = yield* Payments
  const sql = yield* SqlClient.SqlClient
  const { retryBase, retryCap } = yield* PaymentConfig
  const orderId = payment.order_id
  const call =
    payment.state._tag === "refunding"
      ? gateway.refund({ orderId, txnId: payment.state.txnId, amount: MinorUnits.make(payment.amount ?? 0) })
      : gateway.void(orderId)
  yield* call.pipe(
    Effect.flatMap((event) =>
      sql.withTransaction(moves.learn([{ orderId, event, cause: { traceparent: payment.traceparent ?? undefined } }]))
    ),
    Effect.catch((error) =>
      Effect.gen(function* () {
        const attempts = payment.attempts + 1
        const cap = Math.min(Duration.toMillis(retryCap), Duration.toMillis(retryBase) * 2 ** payment.attempts)
        const reason = error._tag === "SqlError" ? error.message : error.reason
        yield* store.noteFailure(orderId, reason.slice(0, 500), Math.ceil((yield* Random.next) * cap))
        if (attempts >= WARN_FROM && Number.isInteger(Math.log2(attempts))) {
          yield* Effect.logWarning("a payment cannot be settled with the gateway yet").pipe(
            Effect.annotateLogs({ order_id: orderId, owed: owed(payment.state), attempts, error: reason })
          )
        }
      })
    )
  )
})

/** Settles what is due, once. Answers how many were taken. */
export const settleDue = Effect.gen(function* () {
  const store = yield* Payments
  const due = yield* store.takeDue(BATCH, LEASE_MILLIS)
  yield* Effect.forEach(due, settle, { concurrency: CONCURRENCY, discard: true })
  return due.length
})

const survey = Effect.gen(function* () {
  const store = yield* Payments
  yield* Metric.update(Metrics.owed, yield* store.countOwed)
})

/**
 * Drives voids and refunds to a definite outcome, for as long as it takes: compensation has its own retries, and one
 * that cannot finish stays visible in its row, in a gauge and in the log. Any number of workers may run.
 */
export const layerSettlements = Layer.effectDiscard(
  Effect.gen(function* () {
    const bell = yield* SettlementBell
    let surveyedAt = Number.NEGATIVE_INFINITY
    const round = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (now - surveyedAt >= SURVEY_MILLIS) {
        surveyedAt = now
        yield* survey
      }
      return yield* settleDue
    }).pipe(
      Effect.catchCause((cause) => Effect.as(Effect.logWarning("settling payments failed, trying again", cause), 0))
    )
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.flatMap(round, (taken) => (taken > 0 ? Effect.void : Effect.raceFirst(bell.rung, Effect.sleep(POLL))))
      )
    )
  })
)
