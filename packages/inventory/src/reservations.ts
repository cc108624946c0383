import { EventId, type ItemId, type OrderId, type PaymentSucceeded, Topics } from "@flowforge/contracts"
import { type Delivery, type Message, message, Outbox, Unprocessable } from "@flowforge/messaging"
import { Cache, Uuids } from "@flowforge/platform"
import { Context, DateTime, Effect, Layer, Metric, Result } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { availabilityKey } from "./availability.ts"
import { allocate, type Demand, demandOf, type Outcome } from "./domain.ts"
import * as Metrics from "./metrics.ts"
import { Stock } from "./store.ts"

/**
 * Sets stock aside for paid orders and gives it back for cancelled ones, whichever is heard of first. Each runs in the
 * caller's transaction.
 */
export class Reservations extends Context.Service<
  Reservations,
  {
    /** Decides each order once, in the order of arrival, and says so; an order decided before is passed over in silence. */
    readonly reserve: (
      paid: ReadonlyArray<Delivery<PaymentSucceeded>>
    ) => Effect.Effect<void, SqlError.SqlError | Unprocessable>
    /** The way back: reserved stock returns; an order not heard of yet will never get any. */
    readonly release: (orders: ReadonlyArray<OrderId>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@flowforge/inventory/Reservations") {
  static readonly layer: Layer.Layer<Reservations, never, Stock | Outbox | Cache | SqlClient.SqlClient> = Layer.effect(
    Reservations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const stock = yield* Stock
      const outbox = yield* Outbox
      const cache = yield* Cache
      const uuids = yield* Uuids
      /** Deleted, not set: the number a reader finds next in the database is the right one, whoever committed last. */
      const forget = (items: Iterable<ItemId>) => cache.remove(Array.from(items, availabilityKey))

      const reserve = Effect.fnUntraced(function* (paid: ReadonlyArray<Delivery<PaymentSucceeded>>) {
        const demands = new Map<OrderId, Demand>()
        const deliveries = new Map<OrderId, Delivery<PaymentSucceeded>>()
        for (const delivery of paid) {
          const demand = demandOf(delivery.event)
          if (Result.isFailure(demand)) return yield* new Unprocessable({ reason: demand.failure })
          const { orderId } = demand.success
          if (demands.has(orderId)) continue
          demands.set(orderId, demand.success)
          deliveries.set(orderId, delivery)
        }
        const { available, claimed } = yield* stock.claim([...demands.values()])
        if (claimed.size === 0) return
        const { outcomes, soldOut, taken } = allocate(
          available,
          [...demands.values()].filter((demand) => claimed.has(demand.orderId))
        )
        const rejected = outcomes.filter((outcome) => outcome._tag === "Rejected")
        const timestamp = DateTime.formatIso(yield* DateTime.now)
        yield* outbox.append(
          outcomes.map((outcome) =>
            announcement(outcome, {
              eventId: EventId.make(uuids.next()),
              timestamp,
              cause: deliveries.get(outcome.demand.orderId)
            })
          ),
          stock.taking(
            taken,
            rejected.map((outcome) => outcome.demand.orderId)
          )
        )
        yield* sql.afterCommit(
          Effect.all(
            [
              forget(taken.keys()),
              Metric.update(Metrics.reserved, outcomes.length - rejected.length),
              Metric.update(Metrics.rejected, rejected.length),
              Metric.update(Metrics.soldOut, soldOut.length)
            ],
            { discard: true }
          )
        )
      })

      const release = Effect.fnUntraced(function* (orders: ReadonlyArray<OrderId>) {
        const items = yield* stock.release(orders)
        if (items.length > 0) yield* sql.afterCommit(forget(items))
      })

      return Reservations.of({ reserve, release })
    })
  )
}

const announcement = (
  outcome: Outcome,
  envelope: {
    readonly eventId: EventId
    readonly timestamp: string
    readonly cause: Delivery<PaymentSucceeded> | undefined
  }
): Message => {
  const { orderId: order_id, lines } = outcome.demand
  const { cause, eventId: event_id, timestamp } = envelope
  return outcome._tag === "Reserved"
    ? message(
        Topics.inventoryReserved,
        { event_id, event_type: "inventory.reserved", timestamp, order_id, reserved_items: lines },
        cause
      )
    : message(
        Topics.inventoryFailed,
        {
          event_id,
          event_type: "inventory.failed",
          timestamp,
          order_id,
          reason: "OUT_OF_STOCK",
          failed_items: outcome.shortages
        },
        cause
      )
}
