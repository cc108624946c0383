import { count, httpUrl, time } from "@flowforge/platform"
import { Config, Context, type Duration, Layer } from "effect"

/** Every variable that the notification service reads. */
export class NotificationConfig extends Context.Service<
  NotificationConfig,
  {
    /** NOTIFICATION_PUBLIC_URL: where customers reach the public port; links in mails begin with it. */
    readonly publicUrl: string
    /** NOTIFICATION_BATCH_SIZE: the most events claimed in one transaction. */
    readonly batchSize: number
    /** NOTIFICATION_BATCH_LINGER: how long to gather more events into a batch that is not full. */
    readonly batchLinger: Duration.Duration
    /** NOTIFICATION_CLAIM_LIMIT: after this, a sending without a result is unknown for good. */
    readonly claimLimit: Duration.Duration
  }
>()("@flowforge/notification/NotificationConfig") {
  static readonly layer: Layer.Layer<NotificationConfig, Config.ConfigError> = Layer.effect(
    NotificationConfig,
    Config.all({
      publicUrl: httpUrl("NOTIFICATION_PUBLIC_URL").pipe(
        Config.withDefault(new URL("http://localhost:8080")),
        Config.map(({ href }) => href.replace(/\/+$/u, ""))
      ),
      batchSize: count("NOTIFICATION_BATCH_SIZE", 200),
      batchLinger: time("NOTIFICATION_BATCH_LINGER", "5 millis"),
      claimLimit: time("NOTIFICATION_CLAIM_LIMIT", "30 seconds")
    })
  )
}
