import { InventoryService } from "@flowforge/inventory"
import { OutboxWatch, Wakeups } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { PaymentService } from "@flowforge/payment"
import { Cache } from "@flowforge/platform"
import { Layer } from "effect"

/** Which group reads which topics. */
export const subscriptions = [
  OrderService.subscription,
  PaymentService.subscription,
  InventoryService.subscription,
  NotificationService.subscription
]

/** What all services share within the process; the database and the outside world are still open. */
export const layerShared = Layer.mergeAll(PostgresBroker.layer, Cache.layerMemory()).pipe(
  Layer.provideMerge(Wakeups.layer)
)

/** The consumers and periodic jobs of all services. */
export const layerWorkers = Layer.mergeAll(
  OrderService.layerConsumers,
  OrderService.layerJobs(subscriptions),
  PaymentService.layerConsumers,
  PaymentService.layerJobs,
  InventoryService.layerConsumers,
  NotificationService.layerConsumers,
  NotificationService.layerJobs,
  OutboxWatch.layer
)
