import {
  type CancelReason,
  EventId,
  type FailedItem,
  type InventoryFailed,
  type InventoryReserved,
  ItemId,
  MinorUnits,
  type OrderId,
  type PaymentFailed,
  type PaymentRefunded,
  Topics
} from "@flowforge/contracts"
import { type Delivery, message, Outbox, Unprocessable } from "@flowforge/messaging"
import { Cache, Uuids } from "@flowforge/platform"
import { Context, DateTime, Effect, Layer, Metric } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { OrderConfig } from "./config.ts"
import * as Metrics from "./metrics.ts"
import { statusKey } from "./status-cache.ts"
import { type Ended, type Ending, Orders } from "./store.ts"

/**
 * Brings orders to their end as the other services report. The first report of an end decides; what comes later, or
 * again, changes nothing and says nothing. Each runs in the caller's transaction.
 */
export class Settlements extends Context.Service<
  Settlements,
  {
    readonly confirm: (reserved: ReadonlyArray<Delivery<InventoryReserved>>) => Result
    readonly cancelUnpaid: (failed: ReadonlyArray<Delivery<PaymentFailed>>) => Result
    readonly cancelOutOfStock: (failed: ReadonlyArray<Delivery<InventoryFailed>>) => Result
    readonly recordRefunds: (refunded: ReadonlyArray<Delivery<PaymentRefunded>>) => Result
    /** The customer's own cancellation. Answers whether it came in time. */
    readonly cancelByCustomer: (id: OrderId) => Effect.Effect<boolean, SqlError.SqlError>
  }
>()("@flowforge/order/Settlements") {
  static readonly layer: Layer.Layer<Settlements, never, Orders | Outbox | Cache | OrderConfig | SqlClient.SqlClient> =
    Layer.effect(
      Settlements,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const orders = yield* Orders
        const outbox = yield* Outbox
        const cache = yield* Cache
        const uuids = yield* Uuids
        const { statusTimeToLive } = yield* OrderConfig

        /** Final states may be cached by whoever reaches them: they never change. */
        const announceAfterCommit = (ended: ReadonlyArray<Ended>, state: "CONFIRMED" | "CANCELLED", reason = "") => {
          const { count, duration } = Metrics.reached(state, reason)
          return sql.afterCommit(
            Effect.gen(function* () {
              yield* cache.set(
                ended.map(({ id }) => ({ key: statusKey(id), value: state, timeToLive: statusTimeToLive }))
              )
              yield* Metric.update(count, ended.length)
              for (const { seconds } of ended) yield* Metric.update(duration, seconds)
            })
          )
        }

        const cancel = Effect.fnUntraced(function* (
          endings: ReadonlyArray<Ending & { readonly failedItems: ReadonlyArray<FailedItem> | null }>,
          reason: CancelReason,
          causes: ReadonlyMap<OrderId, Delivery<unknown>>
        ) {
          const ended = yield* orders.cancel(endings, reason)
          if (ended.length === 0) return ended
          const timestamp = DateTime.formatIso(yield* DateTime.now)
          const failed = new Map(endings.map(({ id, failedItems }) => [id, failedItems]))
          yield* outbox.append(
            ended.map(({ id, user_id }) => {
              const failedItems = failed.get(id)
              return message(
                Topics.orderCancelled,
                {
                  event_id: EventId.make(uuids.next()),
                  event_type: "order.cancelled",
                  timestamp,
                  order_id: id,
                  user_id,
                  reason,
                  ...(failedItems ? { failed_items: failedItems } : {})
                },
                causes.get(id)
              )
            })
          )
          yield* announceAfterCommit(ended, "CANCELLED", reason)
          return ended
        })

        const confirm = Effect.fnUntraced(function* (reserved: ReadonlyArray<Delivery<InventoryReserved>>) {
          const causes = byOrder(reserved)
          const ended = yield* orders.confirm(endingsOf(causes))
          yield* refuseUnknown(causes, ended)
          if (ended.length === 0) return
          const timestamp = DateTime.formatIso(yield* DateTime.now)
          yield* outbox.append(
            ended.map(({ id, user_id, total_amount, items }) =>
              message(
                Topics.orderConfirmed,
                {
                  event_id: EventId.make(uuids.next()),
                  event_type: "order.confirmed",
                  timestamp,
                  order_id: id,
                  user_id,
                  items: items.map(({ item_id, quantity, price }) => ({
                    item_id: ItemId.make(item_id),
                    quantity,
                    price: MinorUnits.make(price)
                  })),
                  total_amount: MinorUnits.make(total_amount)
                },
                causes.get(id)
              )
            )
          )
          yield* announceAfterCommit(ended, "CONFIRMED")
        })

        /** An order exists before any event about it: one that does not is impossible, and never will be right. */
        const refuseUnknown = Effect.fnUntraced(function* (
          causes: ReadonlyMap<OrderId, Delivery<unknown>>,
          moved: ReadonlyArray<{ readonly id: OrderId }>
        ) {
          if (moved.length === causes.size) return
          const known = yield* orders.known([...causes.keys()])
          const unknown = [...causes.keys()].filter((id) => !known.has(id))
          if (unknown.length > 0) return yield* new Unprocessable({ reason: `there is no order ${unknown[0]}` })
        })

        return Settlements.of({
          confirm,
          cancelUnpaid: Effect.fnUntraced(function* (failed) {
            const causes = byOrder(failed)
            const ended = yield* cancel(
              endingsOf(causes, ({ event }) => `payment failed: ${event.reason}`).map((ending) => ({
                ...ending,
                failedItems: null
              })),
              "PAYMENT_FAILED",
              causes
            )
            yield* refuseUnknown(causes, ended)
          }),
          cancelOutOfStock: Effect.fnUntraced(function* (failed) {
            const causes = byOrder(failed)
            const ended = yield* cancel(
              endingsOf(causes, () => "out of stock").map((ending) => ({
                ...ending,
                failedItems: causes.get(ending.id)!.event.failed_items
              })),
              "OUT_OF_STOCK",
              causes
            )
            yield* refuseUnknown(causes, ended)
          }),
          recordRefunds: Effect.fnUntraced(function* (refunded) {
            const causes = byOrder(refunded)
            const moved = yield* orders.recordRefund(endingsOf(causes, () => "money returned"))
            yield* refuseUnknown(causes, moved)
          }),
          cancelByCustomer: (id) =>
            sql.withTransaction(
              Effect.map(
                cancel(
                  [{ id, eventId: null, cause: "cancelled by the customer", failedItems: null }],
                  "CUSTOMER",
                  new Map()
                ),
                (ended) => ended.length > 0
              )
            )
        })
      })
    )
}

type Result = Effect.Effect<void, SqlError.SqlError | Unprocessable>

/** The first report about each order. */
const byOrder = <E extends { readonly order_id: OrderId }>(
  deliveries: ReadonlyArray<Delivery<E>>
): ReadonlyMap<OrderId, Delivery<E>> => {
  const first = new Map<OrderId, Delivery<E>>()
  for (const delivery of deliveries) {
    if (!first.has(delivery.event.order_id)) first.set(delivery.event.order_id, delivery)
  }
  return first
}

const endingsOf = <E>(
  causes: ReadonlyMap<OrderId, Delivery<E>>,
  causeOf: (delivery: Delivery<E>) => string = ({ topic }) => topic
): ReadonlyArray<Ending> =>
  [...causes].map(([id, delivery]) => ({ id, eventId: delivery.eventId, cause: causeOf(delivery).slice(0, 200) }))
