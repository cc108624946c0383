import type { OrderCancelled, OrderCreated, OrderId } from "@flowforge/contracts"
import { type Cause, type Delivery, Outbox } from "@flowforge/messaging"
import { Uuids } from "@flowforge/platform"
import { Context, DateTime, Duration, Effect, Layer, Metric, Result } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { announcementOf } from "./announcements.ts"
import { SettlementBell } from "./bell.ts"
import { PaymentConfig } from "./config.ts"
import { decide, type PaymentEvent } from "./domain.ts"
import type { CaptureRequest } from "./gateway/index.ts"
import * as Metrics from "./metrics.ts"
import { type Change, type Payment, Payments as Store } from "./store.ts"

/** Something that is now known about an order's payment. */
export interface News {
  readonly orderId: OrderId
  readonly event: PaymentEvent
  readonly cause: Cause | undefined
}

/** Moves payments and says so, in the caller's transaction. Calls nobody: what is owed to the gateway is data. */
export class PaymentMoves extends Context.Service<
  PaymentMoves,
  {
    /**
     * Keeps the intents, in one statement that needs no transaction. Answers for each delivery what to capture: nothing when
     * the order is decided already.
     */
    readonly intend: (
      created: ReadonlyArray<Delivery<OrderCreated>>
    ) => Effect.Effect<ReadonlyArray<CaptureRequest | undefined>, SqlError.SqlError>
    /** What the gateway has definitely said. */
    readonly learn: (news: ReadonlyArray<News>) => Effect.Effect<void, SqlError.SqlError>
    /** The way back, for captures that were made, are under way, or will never be heard of. */
    readonly cancel: (cancelled: ReadonlyArray<Delivery<OrderCancelled>>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@flowforge/payment/PaymentMoves") {
  static readonly layer: Layer.Layer<
    PaymentMoves,
    never,
    Store | Outbox | SettlementBell | PaymentConfig | SqlClient.SqlClient
  > = Layer.effect(
    PaymentMoves,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* Store
      const outbox = yield* Outbox
      const bell = yield* SettlementBell
      const uuids = yield* Uuids
      const { maxPendingAge } = yield* PaymentConfig

      /** Decides, saves and announces; a refused move is passed over in silence. */
      const move = Effect.fnUntraced(function* (payments: ReadonlyArray<Payment>, news: ReadonlyMap<OrderId, News>) {
        const moved = payments.flatMap((payment) => {
          const { event } = news.get(payment.order_id)!
          const next = decide(payment.state, event)
          return Result.isSuccess(next) ? [{ payment, state: next.success }] : []
        })
        if (moved.length === 0) return
        const timestamp = DateTime.formatIso(yield* DateTime.now)
        yield* outbox.append(
          moved.flatMap(({ payment, state }) =>
            announcementOf(payment, state, {
              eventId: uuids.next(),
              timestamp,
              cause: news.get(payment.order_id)?.cause
            })
          ),
          store.movement(moved.map(({ payment, state }): Change => ({ orderId: payment.order_id, state })))
        )
        const isOwed = moved.some(({ state }) => state._tag === "voiding" || state._tag === "refunding")
        yield* sql.afterCommit(
          Effect.gen(function* () {
            for (const { state } of moved) yield* Metric.update(Metrics.reached(state._tag), 1)
            if (isOwed) yield* bell.ring
          })
        )
      })

      return PaymentMoves.of({
        intend: Effect.fnUntraced(function* (created) {
          const rows = yield* store.intend(
            created.map(({ event: { order }, traceparent }) => ({
              orderId: idOf(order.order_id),
              userId: order.user_id,
              amount: order.total_amount,
              method: order.payment.method,
              items: order.items,
              traceparent
            }))
          )
          // Happens only after a failure: an order whose event then becomes a dead letter still gets its outcome.
          const repeated = created.filter(({ attempt }) => attempt > 1).map(orderIdOf)
          if (repeated.length > 0) {
            yield* store.limitPending(repeated, Duration.toMillis(maxPendingAge))
            yield* sql.afterCommit(bell.ring)
          }
          const pending = new Set(rows.filter(({ state }) => state._tag === "pending").map((row) => row.order_id))
          return created.map((delivery) => {
            const { order } = delivery.event
            const orderId = orderIdOf(delivery)
            return pending.has(orderId)
              ? {
                  orderId,
                  amount: order.total_amount,
                  method: order.payment.method,
                  token: order.payment.token
                }
              : undefined
          })
        }),
        learn: Effect.fnUntraced(function* (news) {
          const byOrder = new Map(news.map((item) => [idOf(item.orderId), item]))
          if (byOrder.size === 0) return
          yield* move(yield* store.lock([...byOrder.keys()].toSorted()), byOrder)
        }),
        cancel: Effect.fnUntraced(function* (cancelled) {
          const byOrder = new Map(
            cancelled.map((delivery): [OrderId, News] => {
              const orderId = idOf(delivery.event.order_id)
              return [orderId, { orderId, event: { _tag: "OrderCancelled" }, cause: delivery }]
            })
          )
          yield* move(yield* store.entomb([...byOrder.keys()]), byOrder)
        })
      })
    })
  )
}

/** PostgreSQL answers ids in lower case: an order has to be found again under the id it came with. */
const idOf = (orderId: OrderId): OrderId => orderId.toLowerCase() as OrderId
const orderIdOf = ({ event }: Delivery<OrderCreated>): OrderId => idOf(event.order.order_id)
