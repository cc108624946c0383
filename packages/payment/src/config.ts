import { Config, Context, Duration, Layer } from "effect"

/** Every variable that the payment service reads. */
export class PaymentConfig extends Context.Service<
  PaymentConfig,
  {
    /** PAYMENT_GATEWAY_TIMEOUT: how long a call to the gateway may take. */
    readonly gatewayTimeout: Duration.Duration
    /** PAYMENT_GATEWAY_CONNECTIONS: calls under way at once, and connections kept open. */
    readonly gatewayConnections: number
    /** PAYMENT_BATCH_SIZE, PAYMENT_BATCH_LINGER: the most events in one batch, and how long to gather them. */
    readonly batchSize: number
    readonly batchLinger: Duration.Duration
    /** PAYMENT_MAX_PENDING_AGE: how long after a failure a capture may be without an outcome, until it is voided, or found captured. */
    readonly maxPendingAge: Duration.Duration
    /** PAYMENT_RETRY_BASE, PAYMENT_RETRY_CAP: backoff of voids and refunds that fail. */
    readonly retryBase: Duration.Duration
    readonly retryCap: Duration.Duration
  }
>()("@flowforge/payment/PaymentConfig") {
  static readonly layer: Layer.Layer<PaymentConfig, Config.ConfigError> = Layer.effect(
    PaymentConfig,
    Config.all({
      gatewayTimeout: Config.Duration("PAYMENT_GATEWAY_TIMEOUT").pipe(Config.withDefault(Duration.seconds(1))),
      gatewayConnections: Config.Int("PAYMENT_GATEWAY_CONNECTIONS").pipe(Config.withDefault(32)),
      batchSize: Config.Int("PAYMENT_BATCH_SIZE").pipe(Config.withDefault(200)),
      batchLinger: Config.Duration("PAYMENT_BATCH_LINGER").pipe(Config.withDefault(Duration.millis(2))),
      maxPendingAge: Config.Duration("PAYMENT_MAX_PENDING_AGE").pipe(Config.withDefault(Duration.minutes(10))),
      retryBase: Config.Duration("PAYMENT_RETRY_BASE").pipe(Config.withDefault(Duration.millis(500))),
      retryCap: Config.Duration("PAYMENT_RETRY_CAP").pipe(Config.withDefault(Duration.minutes(1)))
    })
  )
}
