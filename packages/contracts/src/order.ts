import { Schema } from "effect"
import { ItemId } from "./ids.ts"
import { Money } from "./money.ts"

/** Where an order stands. CONFIRMED and CANCELLED are final. */
export const OrderStatus = Schema.Literals(["PENDING", "CONFIRMED", "CANCELLED"])
export type OrderStatus = typeof OrderStatus.Type

/** Why an order was cancelled. */
export const CancelReason = Schema.Literals(["PAYMENT_FAILED", "OUT_OF_STOCK", "CUSTOMER"])
export type CancelReason = typeof CancelReason.Type

/** The most of one item that one order may ask for. */
export const MAX_QUANTITY = 1_000
/** The most lines an order may have. */
export const MAX_LINES = 100

/** How many of an item: a whole number from 1 to {@link MAX_QUANTITY}. */
export const Quantity = Schema.Number.check(
  Schema.isInt({ message: "must be a whole number" }),
  Schema.isBetween({ minimum: 1, maximum: MAX_QUANTITY }, { message: `must be between 1 and ${MAX_QUANTITY}` })
)

/** One line of an order as it travels in events. */
export const Line = Schema.Struct({ item_id: ItemId, quantity: Schema.Int })
export type Line = typeof Line.Type

/** One line with the unit price it was sold at. */
export const PricedLine = Schema.Struct({ item_id: ItemId, quantity: Schema.Int, price: Money })
export type PricedLine = typeof PricedLine.Type

/** A line that could not be had, with what there was. */
export const FailedItem = Schema.Struct({ item_id: ItemId, requested: Schema.Int, available: Schema.Int })
export type FailedItem = typeof FailedItem.Type

/** How the customer pays: a method and the gateway's token for it; never a card number. */
export const PaymentInfo = Schema.Struct({ method: Schema.String, token: Schema.String })
export type PaymentInfo = typeof PaymentInfo.Type
