import {
  type InventoryFailed,
  type InventoryReserved,
  OrderAlreadyFinal,
  type OrderId,
  OrderNotFound,
  type PaymentFailed,
  type PaymentRefunded
} from "@flowforge/contracts"
import { type Delivery, Outbox, Unprocessable } from "@flowforge/messaging"
import { Uuids } from "@flowforge/platform"
import { Context, DateTime, Effect, Layer, Metric, Result } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { announcementOf } from "./announcements.ts"
import { decide, type OrderMove, type OrderState, type Refusal } from "./domain.ts"
import * as Metrics from "./metrics.ts"
import { OrderCache } from "./order-cache.ts"
import { type LockedOrder, Orders } from "./store.ts"

/**
 * Brings orders to their end as the other services report. The first report of an end decides; what comes later, or
 * again, changes nothing and says nothing. What handles deliveries runs in the caller's transaction.
 */
export class Settlements extends Context.Service<
  Settlements,
  {
    readonly confirm: (reserved: ReadonlyArray<Delivery<InventoryReserved>>) => Handled
    readonly cancelUnpaid: (failed: ReadonlyArray<Delivery<PaymentFailed>>) => Handled
    readonly cancelOutOfStock: (failed: ReadonlyArray<Delivery<InventoryFailed>>) => Handled
    readonly recordRefunds: (refunded: ReadonlyArray<Delivery<PaymentRefunded>>) => Handled
    /** The customer's own cancellation. One that is cancelled already, by whomever, stays as it is. */
    readonly cancelByCustomer: (
      id: OrderId
    ) => Effect.Effect<void, OrderNotFound | OrderAlreadyFinal | SqlError.SqlError>
  }
>()("@flowforge/order/Settlements") {
  static readonly layer: Layer.Layer<Settlements, never, Orders | Outbox | OrderCache | SqlClient.SqlClient> =
    Layer.effect(
      Settlements,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const orders = yield* Orders
        const outbox = yield* Outbox
        const cache = yield* OrderCache
        const uuids = yield* Uuids

        const whenCommitted = (ended: ReadonlyArray<Ended>) =>
          sql.afterCommit(
            Effect.gen(function* () {
              for (const [status, group] of Map.groupBy(ended, statusOf)) {
                yield* cache.ended(
                  group.map(({ order }) => order.id),
                  status
                )
              }
              for (const { order, state } of ended) {
                const reason = state._tag === "Cancelled" ? state.reason : ""
                const { count, duration } = Metrics.reached(statusOf({ state }), reason)
                yield* Metric.update(count, 1)
                yield* Metric.update(duration, order.age)
              }
            })
          )

        /** Moves the orders that are reported on, as far as their states allow. Answers what became of each that exists. */
        const settle = Effect.fnUntraced(function* (reports: ReadonlyMap<OrderId, Report>) {
          const locked = yield* orders.lock([...reports.keys()])
          const decided = locked.map((order) => {
            const report = reports.get(order.id)!
            return { order, report, result: decide(order.state, report.move) }
          })
          const moved = decided.filter(({ result }) => Result.isSuccess(result))
          if (moved.length === 0) return decided
          const timestamp = DateTime.formatIso(yield* DateTime.now)
          yield* outbox.append(
            moved.flatMap(({ order, report }) =>
              announcementOf(order, report.move, { eventId: uuids.next(), timestamp, cause: report.delivery })
            ),
            orders.movement(
              moved.map(({ order, report }) => ({ ...report, id: order.id, eventId: report.delivery?.eventId }))
            )
          )
          yield* whenCommitted(moved.flatMap(endedBy))
          return decided
        })

        /** An order exists before any event about it: one that does not is impossible, and never will be right. */
        const settleAll = Effect.fnUntraced(function* (reports: ReadonlyMap<OrderId, Report>) {
          const known = new Set((yield* settle(reports)).map(({ order }) => order.id))
          if (known.size === reports.size) return
          const unknown = [...reports.keys()].find((id) => !known.has(id))
          return yield* new Unprocessable({ reason: `there is no order ${unknown}` })
        })

        return Settlements.of({
          confirm: (reserved) =>
            settleAll(reportsOf(reserved, ({ topic }) => ({ move: { _tag: "Confirm" }, cause: topic }))),
          cancelUnpaid: (failed) =>
            settleAll(
              reportsOf(failed, ({ event }) => ({
                move: { _tag: "Cancel", reason: "PAYMENT_FAILED" },
                cause: `payment failed: ${event.reason}`.slice(0, MAX_CAUSE)
              }))
            ),
          cancelOutOfStock: (failed) =>
            settleAll(
              reportsOf(failed, ({ event }) => ({
                move: { _tag: "Cancel", reason: "OUT_OF_STOCK", failedItems: event.failed_items },
                cause: "out of stock"
              }))
            ),
          recordRefunds: (refunded) =>
            settleAll(reportsOf(refunded, () => ({ move: { _tag: "RecordRefund" }, cause: "money returned" }))),
          cancelByCustomer: Effect.fnUntraced(function* (id) {
            const [outcome] = yield* sql.withTransaction(settle(new Map([[id, BY_CUSTOMER]])))
            if (outcome === undefined) return yield* new OrderNotFound({ order_id: id })
            if (Result.isFailure(outcome.result) && outcome.result.failure === "AlreadyConfirmed") {
              return yield* new OrderAlreadyFinal({ order_id: id, order_status: "CONFIRMED" })
            }
          })
        })
      })
    )
}

type Handled = Effect.Effect<void, SqlError.SqlError | Unprocessable>

/** What is reported of an order, by an event or (without a delivery) by its customer. */
interface Report {
  readonly move: OrderMove
  readonly cause: string
  readonly delivery?: Delivery<unknown>
}

interface Ended {
  readonly order: LockedOrder
  readonly state: Exclude<OrderState, { readonly _tag: "Pending" }>
}

/** How much of another service's words a history keeps: characters. */
const MAX_CAUSE = 200

const BY_CUSTOMER: Report = { move: { _tag: "Cancel", reason: "CUSTOMER" }, cause: "cancelled by the customer" }

/** The first report about each order. */
const reportsOf = <E extends { readonly order_id: OrderId }>(
  deliveries: ReadonlyArray<Delivery<E>>,
  report: (delivery: Delivery<E>) => Report
): ReadonlyMap<OrderId, Report> => {
  const first = new Map<OrderId, Report>()
  for (const delivery of deliveries) {
    if (!first.has(delivery.event.order_id)) first.set(delivery.event.order_id, { ...report(delivery), delivery })
  }
  return first
}

/** The end that a move brought; a refund brings none. */
const endedBy = ({
  order,
  result
}: {
  readonly order: LockedOrder
  readonly result: Result.Result<OrderState, Refusal>
}): ReadonlyArray<Ended> =>
  order.state._tag === "Pending" && Result.isSuccess(result) && result.success._tag !== "Pending"
    ? [{ order, state: result.success }]
    : []

const statusOf = ({ state }: Pick<Ended, "state">) => (state._tag === "Confirmed" ? "CONFIRMED" : "CANCELLED")
