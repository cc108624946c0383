import { count, time } from "@flowforge/platform"
import { Config, Context, type Duration, Layer } from "effect"

/** Every variable that the order service reads. */
export class OrderConfig extends Context.Service<
  OrderConfig,
  {
    /** ORDER_INTAKE_QUEUE: requests that may wait for their insert; beyond it 429. */
    readonly intakeQueue: number
    /** ORDER_INTAKE_BATCH: the most orders in one insert. */
    readonly intakeBatch: number
    /** ORDER_OPEN_ORDERS: orders older than ORDER_OPEN_AGE that may be without an end; beyond it 503. */
    readonly openOrders: number
    readonly openAge: Duration.Duration
    /** ORDER_LATE_ORDERS: orders older than ORDER_LATE_AGE that may wait while others reach their end; beyond it 503. */
    readonly lateOrders: number
    readonly lateAge: Duration.Duration
    /** ORDER_CATALOGUE_REFRESH: how old the prices in memory may be. */
    readonly catalogueRefresh: Duration.Duration
    /** ORDER_IDEMPOTENCY_RETENTION: how long an Idempotency-Key is remembered. */
    readonly idempotencyRetention: Duration.Duration
    /** ORDER_STATUS_TTL: how long a final status may be answered from the cache. */
    readonly statusTimeToLive: Duration.Duration
    /** ORDER_RECENT_TTL: how long a customer's newest orders may be answered from the cache. Longer than any read takes. */
    readonly recentTimeToLive: Duration.Duration
    /** ORDER_BATCH_SIZE, ORDER_BATCH_LINGER: the most events in one transaction, and how long to gather them. */
    readonly batchSize: number
    readonly batchLinger: Duration.Duration
    /** ORDER_STALLED_AGE: from when an order that is not at its end counts as standing still. */
    readonly stalledAge: Duration.Duration
  }
>()("@flowforge/order/OrderConfig") {
  static readonly layer: Layer.Layer<OrderConfig, Config.ConfigError> = Layer.effect(
    OrderConfig,
    Config.all({
      intakeQueue: count("ORDER_INTAKE_QUEUE", 500),
      intakeBatch: count("ORDER_INTAKE_BATCH", 250),
      openOrders: count("ORDER_OPEN_ORDERS", 20_000),
      openAge: time("ORDER_OPEN_AGE", "10 seconds"),
      lateOrders: count("ORDER_LATE_ORDERS", 2_000),
      lateAge: time("ORDER_LATE_AGE", "1 second"),
      catalogueRefresh: time("ORDER_CATALOGUE_REFRESH", "5 seconds"),
      idempotencyRetention: time("ORDER_IDEMPOTENCY_RETENTION", "24 hours"),
      statusTimeToLive: time("ORDER_STATUS_TTL", "5 minutes"),
      recentTimeToLive: time("ORDER_RECENT_TTL", "10 seconds"),
      batchSize: count("ORDER_BATCH_SIZE", 500),
      batchLinger: time("ORDER_BATCH_LINGER", "2 millis"),
      stalledAge: time("ORDER_STALLED_AGE", "30 seconds")
    })
  )
}
