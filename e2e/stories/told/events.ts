import { randomUUID } from "node:crypto"
import {
  type CancelReason,
  EventId,
  NotificationId,
  type OrderDetails,
  RefundId,
  Topics,
  TransactionId
} from "@flowforge/contracts"
import { type Message, message } from "@flowforge/messaging"

// What the services say about an order, as a story says it in their stead.

const envelope = <const Type extends string>(event_type: Type) => ({
  event_id: EventId.make(randomUUID()),
  event_type,
  timestamp: new Date().toISOString()
})

const lines = ({ items }: OrderDetails) => items.map(({ item_id, quantity }) => ({ item_id, quantity }))
const failed = ({ items }: OrderDetails) =>
  items.map(({ item_id, quantity }) => ({ item_id, requested: quantity, available: 0 }))
const someTxn = () => TransactionId.make(`txn_${randomUUID()}`)

export const created = (order: OrderDetails, token: string): Message => {
  const { order_id, total_amount, user_id } = order
  const payment = { method: "card", token }
  return message(Topics.orderCreated, {
    ...envelope("order.created"),
    order: { order_id, user_id, items: lines(order), total_amount, payment }
  })
}

export const confirmed = ({ items, order_id, total_amount, user_id }: OrderDetails): Message =>
  message(Topics.orderConfirmed, {
    ...envelope("order.confirmed"),
    order_id,
    user_id,
    items: items.map(({ item_id, price, quantity }) => ({ item_id, quantity, price })),
    total_amount
  })

export const cancelled = (order: OrderDetails, reason: CancelReason): Message => {
  const { order_id, user_id } = order
  const why = reason === "OUT_OF_STOCK" ? { reason, failed_items: failed(order) } : { reason }
  return message(Topics.orderCancelled, { ...envelope("order.cancelled"), order_id, user_id, ...why })
}

export const paid = (order: OrderDetails): Message => {
  const { order_id, total_amount: amount, user_id } = order
  const event = { ...envelope("payment.succeeded"), order_id, user_id, txn_id: someTxn(), amount, items: lines(order) }
  return message(Topics.paymentSucceeded, event)
}

export const unpaid = ({ order_id, user_id }: OrderDetails): Message =>
  message(Topics.paymentFailed, { ...envelope("payment.failed"), order_id, user_id, reason: "card_declined" })

export const refunded = ({ order_id, total_amount: amount }: OrderDetails): Message => {
  const refund_id = RefundId.make(`ref_${randomUUID()}`)
  const event = { ...envelope("payment.refunded"), order_id, txn_id: someTxn(), refund_id, amount }
  return message(Topics.paymentRefunded, event)
}

export const setAside = (order: OrderDetails): Message => {
  const event = { ...envelope("inventory.reserved"), order_id: order.order_id, reserved_items: lines(order) }
  return message(Topics.inventoryReserved, event)
}

export const lacking = (order: OrderDetails): Message => {
  const reason = { reason: "OUT_OF_STOCK" as const, failed_items: failed(order) }
  return message(Topics.inventoryFailed, { ...envelope("inventory.failed"), order_id: order.order_id, ...reason })
}

export const notified = ({ order_id }: OrderDetails): Message => {
  const notification_id = NotificationId.make(randomUUID())
  const event = { ...envelope("notification.sent"), order_id, notification_id }
  return message(Topics.notificationSent, { ...event, type: "email" as const, status: "sent" as const })
}
