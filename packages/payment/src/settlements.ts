import { MinorUnits } from "@flowforge/contracts"
import { Cause, Duration, Effect, Queue, Random } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient, type SqlError } from "effect/sql"
import { SettlementBell } from "./bell.ts"
import { PaymentConfig } from "./config.ts"
import { reach } from "./crash-points.ts"
import { OutcomeUnknown, PaymentGateway } from "./gateway/index.ts"
import { PaymentMoves } from "./payments.ts"
import { type Payment, Payments } from "./store.ts"

const BATCH = 32
const CONCURRENCY = 8
/** The gateway's own time limit comes first; this one is for an adapter that has none. */
const callLimit = (gatewayTimeout: Duration.Duration) => Duration.sum(gatewayTimeout, Duration.millis(200))
/** Calls of one batch that wait for each other, and some time for the database. */
const leaseMillis = (gatewayTimeout: Duration.Duration): number =>
  Duration.toMillis(callLimit(gatewayTimeout)) * (BATCH / CONCURRENCY) + 2_000
const IDLE_POLL = Duration.seconds(5)
/** What is due is in somebody else's hands, or the database is away. */
const PAUSE = Duration.millis(500)
const MAX_REASON = 500

/** Asks the gateway for what it owes this payment's order. */
const ask = Effect.fnUntraced(function* (payment: Payment) {
  const gateway = yield* PaymentGateway
  const { gatewayTimeout } = yield* PaymentConfig
  const orderId = payment.order_id
  const call =
    payment.state._tag === "refunding"
      ? gateway.refund({ orderId, txnId: payment.state.txnId, amount: MinorUnits.make(payment.amount ?? 0) })
      : gateway.void(orderId)
  const event = yield* Effect.timeoutOrElse(call, {
    duration: callLimit(gatewayTimeout),
    orElse: () => Effect.fail(new OutcomeUnknown({ orderId, reason: "no answer in time, outcome unknown" }))
  })
  yield* reach("settlement.made")
  return { payment, event }
})

type Answered = Effect.Success<ReturnType<typeof ask>>

/** What failed waits for its next attempt. */
const postpone = Effect.fnUntraced(function* ({ attempts, order_id }: Payment, cause: Cause.Cause<unknown>) {
  const store = yield* Payments
  const { retryBase, retryCap } = yield* PaymentConfig
  const cap = Math.min(Duration.toMillis(retryCap), Duration.toMillis(retryBase) * 2 ** attempts)
  const delayMillis = Math.ceil((yield* Random.next) * cap)
  yield* store.noteFailure(order_id, reasonOf(Cause.squash(cause)).slice(0, MAX_REASON), delayMillis)
})

/** Told to stop, a settlement has not failed. */
const isFailure = (cause: Cause.Cause<unknown>): boolean => !Cause.hasInterruptsOnly(cause)

/** Keeps answers in one transaction; where they cannot be kept together, each alone, so that none holds up another. */
const keep = (
  answers: NonEmptyReadonlyArray<Answered>
): Effect.Effect<void, SqlError.SqlError, PaymentConfig | PaymentMoves | Payments | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const moves = yield* PaymentMoves
    const sql = yield* SqlClient.SqlClient
    const news = answers.map(({ event, payment }) => ({
      orderId: payment.order_id,
      event,
      cause: { traceparent: payment.traceparent ?? undefined }
    }))
    yield* Effect.catchCauseIf(sql.withTransaction(moves.learn(news)), isFailure, (cause) =>
      answers.length === 1
        ? postpone(answers[0].payment, cause)
        : Effect.forEach(answers, (one) => keep([one]), { discard: true })
    )
  })

const reasonOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return String(error)
  if ("reason" in error && typeof error.reason === "string") return error.reason
  return error instanceof Error ? error.message : String(error)
}

/**
 * Settles what is due, once: while some are asked for, the answers to others are kept, as many together as have come.
 * Answers how many were taken.
 */
export const settleDue = Effect.gen(function* () {
  const store = yield* Payments
  const { gatewayTimeout } = yield* PaymentConfig
  const due = yield* store.takeDue(BATCH, leaseMillis(gatewayTimeout))
  const answers = yield* Queue.unbounded<Answered, Cause.Done>()
  const asking = Effect.forEach(
    due,
    (payment) =>
      Effect.catchCauseIf(
        Effect.flatMap(ask(payment), (answered) => Queue.offer(answers, answered)),
        isFailure,
        (cause) => postpone(payment, cause)
      ),
    { concurrency: CONCURRENCY, discard: true }
  )
  const keeping = Effect.catchIf(
    Effect.forever(Effect.flatMap(Queue.takeAll(answers), keep)),
    Cause.isDone,
    () => Effect.void
  )
  yield* Effect.all([Effect.andThen(asking, Queue.end(answers)), keeping], { concurrency: 2, discard: true })
  return due.length
})

/**
 * Drives voids and refunds to a definite outcome, for as long as it takes: compensation has its own retries. Woken when
 * something is owed or due, else it looks every few seconds. Any number of these may run: a payment is taken by one.
 */
export const settling = Effect.gen(function* () {
  const store = yield* Payments
  const bell = yield* SettlementBell
  const rung = yield* bell.listen
  const wait = (duration: Duration.Duration) => Effect.raceFirst(rung, Effect.sleep(duration))
  const round = Effect.gen(function* () {
    const untilDue = yield* store.millisUntilDue
    if (untilDue === undefined || untilDue > 0) {
      return yield* wait(Duration.min(IDLE_POLL, Duration.millis(untilDue ?? Number.POSITIVE_INFINITY)))
    }
    if ((yield* settleDue) === 0) yield* wait(PAUSE)
  })
  return yield* Effect.forever(
    Effect.catchCauseIf(round, isFailure, (cause) =>
      Effect.andThen(Effect.logWarning("settling payments failed, trying again", cause), Effect.sleep(PAUSE))
    )
  )
}).pipe(Effect.scoped)
