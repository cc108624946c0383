/** Which groups read a topic: stated once more here, so that a subscription that is lost is missed. */
export const READERS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "order.created": ["payment"],
  "order.confirmed": ["notification"],
  "order.cancelled": ["inventory", "notification", "payment"],
  "payment.succeeded": ["inventory"],
  "payment.failed": ["order"],
  "payment.refunded": ["order"],
  "inventory.reserved": ["order"],
  "inventory.failed": ["order"],
  "notification.sent": []
}
