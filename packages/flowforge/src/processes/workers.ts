import { InventoryService } from "@flowforge/inventory"
import { OutboxWatch } from "@flowforge/messaging"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { PaymentService } from "@flowforge/payment"
import { all } from "@flowforge/platform/settings"
import { Layer } from "effect"
import { layerMail } from "../outside/mail.ts"
import { layerObjects } from "../outside/objects.ts"
import { gatewayUrl, mail, objects } from "../settings/outside.ts"
import { subscriptions } from "../subscriptions.ts"
import { processOf } from "./process.ts"
import { runWorker, workerSettings } from "./worker.ts"

/** Decides how orders end; sweeps, and tidies the outbox, for the whole installation. */
export const order = processOf(
  "consumers of the order service; the sweeper, retention, the outbox's gauges",
  all({ ...workerSettings, own: OrderService.settings }),
  (settings) =>
    runWorker(settings, {
      process: "order",
      work: Layer.mergeAll(OrderService.layerConsumers, OrderService.layerJobs(subscriptions), OutboxWatch.layer)
    })
)

export const payment = processOf(
  "consumers of the payment service; voids and refunds",
  all({ ...workerSettings, gatewayUrl, own: PaymentService.settings }),
  (settings) =>
    runWorker(settings, {
      process: "payment",
      work: Layer.mergeAll(PaymentService.layerConsumers, PaymentService.layerJobs).pipe(
        Layer.provide(PaymentService.layerGateway(settings.gatewayUrl))
      )
    })
)

export const inventory = processOf(
  "consumers of the inventory service",
  all({ ...workerSettings, own: InventoryService.settings }),
  (settings) => runWorker(settings, { process: "inventory", work: InventoryService.layerConsumers })
)

export const notification = processOf(
  "consumers of the notification service: receipts, mails, SMS",
  all({ ...workerSettings, objects, mail, own: NotificationService.settings }),
  (settings) =>
    runWorker(settings, {
      process: "notification",
      work: Layer.mergeAll(NotificationService.layerConsumers, NotificationService.layerJobs).pipe(
        Layer.provide([layerObjects(settings.objects), layerMail(settings.mail)])
      )
    })
)
