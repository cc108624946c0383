import { Schema } from "effect"
import { EventId, NotificationId, OrderId, RefundId, TransactionId, UserId } from "./ids.ts"
import { Money } from "./money.ts"
import { CancelReason, FailedItem, Line, PaymentInfo, PricedLine } from "./order.ts"

const envelope = <const Type extends string>(type: Type) => ({
  event_id: EventId,
  event_type: Schema.Literal(type),
  timestamp: Schema.String
})

/** An order was accepted. Source: order. */
export const OrderCreated = Schema.Struct({
  ...envelope("order.created"),
  order: Schema.Struct({
    order_id: OrderId,
    user_id: UserId,
    items: Schema.Array(Line),
    total_amount: Money,
    payment: PaymentInfo
  })
})
export type OrderCreated = typeof OrderCreated.Type

/** An order reached its good end: paid and reserved. Source: order. */
export const OrderConfirmed = Schema.Struct({
  ...envelope("order.confirmed"),
  order_id: OrderId,
  user_id: UserId,
  items: Schema.Array(PricedLine),
  total_amount: Money
})
export type OrderConfirmed = typeof OrderConfirmed.Type

/** An order was given up; money and stock go back. Source: order. */
export const OrderCancelled = Schema.Struct({
  ...envelope("order.cancelled"),
  order_id: OrderId,
  user_id: UserId,
  reason: CancelReason,
  failed_items: Schema.optionalKey(Schema.Array(FailedItem))
})
export type OrderCancelled = typeof OrderCancelled.Type

/** The gateway captured the money. Source: payment. */
export const PaymentSucceeded = Schema.Struct({
  ...envelope("payment.succeeded"),
  order_id: OrderId,
  user_id: UserId,
  txn_id: TransactionId,
  amount: Money,
  items: Schema.Array(Line)
})
export type PaymentSucceeded = typeof PaymentSucceeded.Type

/** The gateway declined for good; nothing was captured. Source: payment. */
export const PaymentFailed = Schema.Struct({
  ...envelope("payment.failed"),
  order_id: OrderId,
  user_id: UserId,
  reason: Schema.String
})
export type PaymentFailed = typeof PaymentFailed.Type

/** The captured money went back. Source: payment. */
export const PaymentRefunded = Schema.Struct({
  ...envelope("payment.refunded"),
  order_id: OrderId,
  txn_id: TransactionId,
  refund_id: RefundId,
  amount: Money
})
export type PaymentRefunded = typeof PaymentRefunded.Type

/** Every line of the order is set aside. Source: inventory. */
export const InventoryReserved = Schema.Struct({
  ...envelope("inventory.reserved"),
  order_id: OrderId,
  reserved_items: Schema.Array(Line)
})
export type InventoryReserved = typeof InventoryReserved.Type

/** At least one line could not be had; nothing is set aside. Source: inventory. */
export const InventoryFailed = Schema.Struct({
  ...envelope("inventory.failed"),
  order_id: OrderId,
  reason: Schema.Literal("OUT_OF_STOCK"),
  failed_items: Schema.Array(FailedItem)
})
export type InventoryFailed = typeof InventoryFailed.Type

/** The customer was told, or nobody can know whether (`unknown`), or the address was refused. Source: notification. */
export const NotificationSent = Schema.Struct({
  ...envelope("notification.sent"),
  order_id: OrderId,
  notification_id: NotificationId,
  type: Schema.Literals(["email", "sms"]),
  status: Schema.Literals(["sent", "failed", "unknown"])
})
export type NotificationSent = typeof NotificationSent.Type
