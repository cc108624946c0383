import { InventoryService } from "@flowforge/inventory"
import type { Subscriptions } from "@flowforge/messaging"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { PaymentService } from "@flowforge/payment"

/** Which group reads which topics. */
export const subscriptions: Subscriptions = [
  OrderService.subscription,
  PaymentService.subscription,
  InventoryService.subscription,
  NotificationService.subscription
]
