import { randomUUID } from "node:crypto"
import { Topics } from "@flowforge/contracts"

export type TopicName = (typeof Topics)[keyof typeof Topics]["name"]
export const topics: ReadonlyArray<TopicName> = Object.values(Topics).map(({ name }) => name)

/** What an amount of money, and a word out of a list, might be in a later version. */
const money = { value: 1, currency: "EUR" }
const word = { code: "SOME", text: "words" }

/**
 * A good event of a topic, about an order that nobody placed, of a customer whom nobody knows; and the same in a `later`
 * version, in which one field has changed its type.
 */
export const aboutNobody = (topic: TopicName) => {
  const order_id = randomUUID()
  const user_id = randomUUID()
  const line = { item_id: 999_999_999, quantity: 1 }
  const items = [line]
  const failed_items = [{ item_id: line.item_id, requested: 1, available: 0 }]
  const order = { order_id, user_id, items, total_amount: 1, payment: { method: "card", token: "tok_declined" } }
  const bodies: Readonly<Record<TopicName, { readonly now: object; readonly later: object }>> = {
    "order.created": { now: { order }, later: { order: { ...order, total_amount: money } } },
    "order.confirmed": {
      now: { order_id, user_id, items: [{ ...line, price: 1 }], total_amount: 1 },
      later: { total_amount: money }
    },
    "order.cancelled": { now: { order_id, user_id, reason: "CUSTOMER" }, later: { reason: word } },
    "payment.succeeded": {
      now: { order_id, user_id, txn_id: "txn_nobody", amount: 1, items },
      later: { amount: money }
    },
    "payment.failed": { now: { order_id, user_id, reason: "card_declined" }, later: { reason: word } },
    "payment.refunded": {
      now: { order_id, txn_id: "txn_nobody", refund_id: "ref_nobody", amount: 1 },
      later: { amount: money }
    },
    "inventory.reserved": { now: { order_id, reserved_items: items }, later: { reserved_items: line } },
    "inventory.failed": {
      now: { order_id, reason: "OUT_OF_STOCK", failed_items },
      later: { failed_items: failed_items[0] }
    },
    "notification.sent": {
      now: { order_id, notification_id: randomUUID(), type: "email", status: "sent" },
      later: { status: word }
    }
  }
  const { later, now } = bodies[topic]
  const event_id = randomUUID()
  const event = { event_id, event_type: topic, timestamp: new Date().toISOString(), ...now }
  return { key: order_id, event, later: { ...event, ...later }, headers: { ce_id: event_id } }
}
