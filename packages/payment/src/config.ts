import { all, count, type Misconfigured, time, type ValueOf } from "@flowforge/platform/settings"
import { Context, Layer } from "effect"

/** Every variable that the payment service reads. */
export const settings = all({
  gatewayTimeout: time(
    "PAYMENT_GATEWAY_TIMEOUT",
    "1 second",
    "how long a call may take, the wait for a connection included; set it above the company's usual p99"
  ),
  gatewayConnections: count("PAYMENT_GATEWAY_CONNECTIONS", 32, "calls under way at once, and connections kept open"),
  batchSize: count("PAYMENT_BATCH_SIZE", 200, "the most events in one batch"),
  batchLinger: time("PAYMENT_BATCH_LINGER", "2 millis", "how long to gather more events into a batch that is not full"),
  maxPendingAge: time(
    "PAYMENT_MAX_PENDING_AGE",
    "10 minutes",
    "how long after its second attempt a capture may be without an outcome, until it is voided, or found captured"
  ),
  retryBase: time(
    "PAYMENT_RETRY_BASE",
    "500 millis",
    "voids and refunds that fail wait a random time up to this, doubled with each attempt …"
  ),
  retryCap: time("PAYMENT_RETRY_CAP", "1 minute", "… and up to this")
})

export class PaymentConfig extends Context.Service<PaymentConfig, ValueOf<typeof settings>>()(
  "@flowforge/payment/PaymentConfig"
) {
  static readonly layer: Layer.Layer<PaymentConfig, Misconfigured> = Layer.effect(PaymentConfig, settings.read)
}
