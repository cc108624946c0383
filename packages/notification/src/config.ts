import { address, all, count, type Misconfigured, time, type ValueOf } from "@flowforge/platform/settings"
import { Context, Layer } from "effect"

/** Links to receipts lead there too, where they are files. */
export const publicUrl = address("NOTIFICATION_PUBLIC_URL", {
  means: "where customers reach the public port; links in mails and to receipts begin with it; embedded, its own port",
  fallback: "http://localhost:8080"
})

/** Every variable that the notification service reads. */
export const settings = all({
  publicUrl,
  batchSize: count(
    "NOTIFICATION_BATCH_SIZE",
    200,
    "the most events claimed in one transaction; never more than are told within the claim limit: 48 with the default"
  ),
  batchLinger: time(
    "NOTIFICATION_BATCH_LINGER",
    "5 millis",
    "how long to gather more events into a batch that is not full"
  ),
  claimLimit: time(
    "NOTIFICATION_CLAIM_LIMIT",
    "30 seconds",
    "after this a sending without a result is `unknown`; the same in every process"
  )
})

export class NotificationConfig extends Context.Service<NotificationConfig, ValueOf<typeof settings>>()(
  "@flowforge/notification/NotificationConfig"
) {
  static readonly layer: Layer.Layer<NotificationConfig, Misconfigured> = Layer.effect(
    NotificationConfig,
    settings.read
  )
}
