import { count, time } from "@flowforge/platform"
import { Config, Context, type Duration, Layer } from "effect"

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
      gatewayTimeout: time("PAYMENT_GATEWAY_TIMEOUT", "1 second"),
      gatewayConnections: count("PAYMENT_GATEWAY_CONNECTIONS", 32),
      batchSize: count("PAYMENT_BATCH_SIZE", 200),
      batchLinger: time("PAYMENT_BATCH_LINGER", "2 millis"),
      maxPendingAge: time("PAYMENT_MAX_PENDING_AGE", "10 minutes"),
      retryBase: time("PAYMENT_RETRY_BASE", "500 millis"),
      retryCap: time("PAYMENT_RETRY_CAP", "1 minute")
    })
  )
}
