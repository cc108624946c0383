import { all, count, type Misconfigured, time, type ValueOf } from "@flowforge/platform/settings"
import { Context, Layer } from "effect"

/** Every variable that the order service reads. */
export const settings = all({
  intakeQueue: count("ORDER_INTAKE_QUEUE", 500, "requests that may wait for their insert; beyond it 429"),
  intakeBatch: count("ORDER_INTAKE_BATCH", 250, "the most orders in one insert"),
  openOrders: count(
    "ORDER_OPEN_ORDERS",
    20_000,
    "orders older than `ORDER_OPEN_AGE` that may be without an end; beyond it 503"
  ),
  openAge: time("ORDER_OPEN_AGE", "10 seconds", "from when an open order counts for that"),
  lateOrders: count(
    "ORDER_LATE_ORDERS",
    2_000,
    "orders older than `ORDER_LATE_AGE` that may wait while others end; beyond it 503"
  ),
  lateAge: time("ORDER_LATE_AGE", "1 second", "from when an open order is late"),
  catalogueRefresh: time(
    "ORDER_CATALOGUE_REFRESH",
    "5 seconds",
    "how old the prices in memory may be; unknown items and customers are looked up at once"
  ),
  idempotencyRetention: time("ORDER_IDEMPOTENCY_RETENTION", "24 hours", "how long an Idempotency-Key is remembered"),
  statusTimeToLive: time("ORDER_STATUS_TTL", "5 minutes", "how long a final status is kept in the cache"),
  recentTimeToLive: time(
    "ORDER_RECENT_TTL",
    "10 seconds",
    "how long a customer's first page is kept in the cache; longer than any read takes"
  ),
  batchSize: count("ORDER_BATCH_SIZE", 500, "the most events in one transaction"),
  batchLinger: time("ORDER_BATCH_LINGER", "2 millis", "how long to gather more events into a batch that is not full"),
  stalledAge: time(
    "ORDER_STALLED_AGE",
    "30 seconds",
    "from when an open order counts as standing still, for the sweeper"
  )
})

export class OrderConfig extends Context.Service<OrderConfig, ValueOf<typeof settings>>()(
  "@flowforge/order/OrderConfig"
) {
  static readonly layer: Layer.Layer<OrderConfig, Misconfigured> = Layer.effect(OrderConfig, settings.read)
}
