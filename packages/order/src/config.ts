import { Config, Context, Duration, Layer } from "effect"

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
      intakeQueue: Config.Int("ORDER_INTAKE_QUEUE").pipe(Config.withDefault(500)),
      intakeBatch: Config.Int("ORDER_INTAKE_BATCH").pipe(Config.withDefault(250)),
      openOrders: Config.Int("ORDER_OPEN_ORDERS").pipe(Config.withDefault(20_000)),
      openAge: Config.Duration("ORDER_OPEN_AGE").pipe(Config.withDefault(Duration.seconds(10))),
      lateOrders: Config.Int("ORDER_LATE_ORDERS").pipe(Config.withDefault(2_000)),
      lateAge: Config.Duration("ORDER_LATE_AGE").pipe(Config.withDefault(Duration.seconds(1))),
      catalogueRefresh: Config.Duration("ORDER_CATALOGUE_REFRESH").pipe(Config.withDefault(Duration.seconds(5))),
      idempotencyRetention: Config.Duration("ORDER_IDEMPOTENCY_RETENTION").pipe(Config.withDefault(Duration.hours(24))),
      statusTimeToLive: Config.Duration("ORDER_STATUS_TTL").pipe(Config.withDefault(Duration.minutes(5))),
      recentTimeToLive: Config.Duration("ORDER_RECENT_TTL").pipe(Config.withDefault(Duration.seconds(10))),
      batchSize: Config.Int("ORDER_BATCH_SIZE").pipe(Config.withDefault(500)),
      batchLinger: Config.Duration("ORDER_BATCH_LINGER").pipe(Config.withDefault(Duration.millis(2))),
      stalledAge: Config.Duration("ORDER_STALLED_AGE").pipe(Config.withDefault(Duration.seconds(30)))
    })
  )
}
