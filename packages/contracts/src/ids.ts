import { Schema } from "effect"

const Uuid = Schema.String.check(Schema.isUUID(undefined, { message: "must be a UUID" }))

/** Identity of an order: a UUID v7, made by the order service when it accepts the order. */
export const OrderId = Uuid.pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

/** Identity of a customer: a UUID. */
export const UserId = Uuid.pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** Identity of an event: a UUID v7, made once and kept through every redelivery and replay. */
export const EventId = Uuid.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

/** Identity of a notification: a UUID v7. */
export const NotificationId = Uuid.pipe(Schema.brand("NotificationId"))
export type NotificationId = typeof NotificationId.Type

/** Identity of a catalogue item: an integer from 1 to 2,147,483,647. */
export const ItemId = Schema.Number.check(
  Schema.isInt({ message: "must be a whole number" }),
  Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 }, { message: "must be between 1 and 2147483647" })
).pipe(Schema.brand("ItemId"))
export type ItemId = typeof ItemId.Type

/** The payment gateway's own identity of a capture. */
export const TransactionId = Schema.NonEmptyString.pipe(Schema.brand("TransactionId"))
export type TransactionId = typeof TransactionId.Type

/** The payment gateway's own identity of a refund. */
export const RefundId = Schema.NonEmptyString.pipe(Schema.brand("RefundId"))
export type RefundId = typeof RefundId.Type
