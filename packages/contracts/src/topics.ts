import { Duration, type Schema } from "effect"
import * as Events from "./events.ts"

/** What an event of any topic has. */
export interface AnyEvent {
  readonly event_id: string
  readonly event_type: string
  readonly timestamp: string
}

/** A topic's row in the table: `name` is also the event type; `key` is the order id; `retention` is Kafka's. */
export interface TopicContract<Name extends string, E extends AnyEvent> {
  readonly name: Name
  readonly schema: Schema.Codec<E, any>
  readonly key: (event: E) => string
  readonly partitions: number
  readonly retention: Duration.Duration
  readonly deadLetterTopic: `${Name}.dlq`
}

const PARTITIONS = 2
const RETENTION = Duration.days(7)

const topic = <const Name extends string, E extends AnyEvent>(
  name: Name,
  schema: Schema.Codec<E, any>,
  key: (event: E) => string
): TopicContract<Name, E> => ({
  name,
  schema,
  key,
  partitions: PARTITIONS,
  retention: RETENTION,
  deadLetterTopic: `${name}.dlq`
})

const byOrder = (event: { readonly order_id: string }): string => event.order_id

/** Every topic there is. */
export const Topics = {
  orderCreated: topic("order.created", Events.OrderCreated, (event) => event.order.order_id),
  orderConfirmed: topic("order.confirmed", Events.OrderConfirmed, byOrder),
  orderCancelled: topic("order.cancelled", Events.OrderCancelled, byOrder),
  paymentSucceeded: topic("payment.succeeded", Events.PaymentSucceeded, byOrder),
  paymentFailed: topic("payment.failed", Events.PaymentFailed, byOrder),
  paymentRefunded: topic("payment.refunded", Events.PaymentRefunded, byOrder),
  inventoryReserved: topic("inventory.reserved", Events.InventoryReserved, byOrder),
  inventoryFailed: topic("inventory.failed", Events.InventoryFailed, byOrder),
  notificationSent: topic("notification.sent", Events.NotificationSent, byOrder)
} as const
