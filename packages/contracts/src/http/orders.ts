import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ItemId, OrderId, UserId } from "../ids.ts"
import { Money } from "../money.ts"
import { CancelReason, FailedItem, MAX_LINES, OrderStatus, Quantity } from "../order.ts"
import {
  IdempotencyKeyReused,
  InvalidRequest,
  OrderAlreadyFinal,
  OrderNotFound,
  RequestInFlight,
  TooManyRequests,
  Unavailable
} from "./problems.ts"

const looksLikeCardNumber = (text: string): boolean => /(?:\d[ -]?){12,19}/u.test(text)

const noCardNumber = Schema.makeFilter((text: string) =>
  looksLikeCardNumber(text) ? "must be a token from the payment company, never a card number" : undefined
)
const noNul = Schema.makeFilter((text: string) => (text.includes("\u0000") ? "must not contain U+0000" : undefined))

/** Text a client may send: 1 to 200 characters, no U+0000, nothing that looks like a card number. */
const ClientText = Schema.String.check(Schema.isBetweenLength(1, 200), noNul, noCardNumber)

export const OrderRequest = Schema.Struct({
  user_id: UserId,
  items: Schema.Array(Schema.Struct({ item_id: ItemId, quantity: Quantity })).check(
    Schema.isBetweenLength(1, MAX_LINES, { message: `must have 1 to ${MAX_LINES} lines` })
  ),
  payment_info: Schema.Struct({ method: ClientText, token: ClientText })
})
export type OrderRequest = typeof OrderRequest.Type

/** Paths a client can follow from an order. `receipt` is there once the receipt is. */
export const OrderLinks = Schema.Struct({
  self: Schema.String,
  cancel: Schema.optionalKey(Schema.String),
  receipt: Schema.optionalKey(Schema.String)
})

export const OrderAccepted = Schema.Struct({
  order_id: OrderId,
  status: Schema.Literal("PENDING"),
  total_amount: Money,
  links: OrderLinks
})
export type OrderAccepted = typeof OrderAccepted.Type

/** One step of an order's life. `state` is a status, or REFUNDED when the money went back. */
export const HistoryEntry = Schema.Struct({
  state: Schema.Literals(["PENDING", "CONFIRMED", "CANCELLED", "REFUNDED"]),
  at: Schema.String,
  cause: Schema.String
})

/** What holds an order up: an event that waits for its next attempt, or one that was given up. */
export const OrderTrouble = Schema.Struct({
  kind: Schema.Literals(["parked", "dead_letter"]),
  topic: Schema.String,
  consumer_group: Schema.String,
  attempts: Schema.Int,
  error: Schema.String,
  next_attempt_at: Schema.optionalKey(Schema.String)
})

export const OrderSummary = Schema.Struct({
  order_id: OrderId,
  user_id: UserId,
  status: OrderStatus,
  total_amount: Money,
  created_at: Schema.String,
  cancel_reason: Schema.optionalKey(CancelReason),
  links: OrderLinks
})
export type OrderSummary = typeof OrderSummary.Type

export const OrderDetails = Schema.Struct({
  ...OrderSummary.fields,
  items: Schema.Array(Schema.Struct({ item_id: ItemId, quantity: Schema.Int, price: Money, amount: Money })),
  failed_items: Schema.optionalKey(Schema.Array(FailedItem)),
  history: Schema.Array(HistoryEntry),
  trouble: Schema.Array(OrderTrouble)
})
export type OrderDetails = typeof OrderDetails.Type

/** A page, newest first. `next_cursor` is absent on the last page. */
export const OrderPage = Schema.Struct({
  orders: Schema.Array(OrderSummary),
  next_cursor: Schema.optionalKey(Schema.String)
})

const page = {
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt({ message: "must be a whole number" }),
      Schema.isBetween({ minimum: 1, maximum: 100 }, { message: "must be between 1 and 100" })
    )
  ),
  cursor: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(OrderStatus)
}

const accepted = HttpApiSchema.WithHeaders(OrderAccepted.pipe(HttpApiSchema.status(202)), { location: Schema.String })

const place = {
  headers: { "idempotency-key": Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 255), noNul)) },
  payload: OrderRequest,
  success: accepted,
  error: [InvalidRequest, RequestInFlight, IdempotencyKeyReused, TooManyRequests, Unavailable]
} as const

/** Answered by the order service. */
export class OrdersApi extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("place", "/orders", place).annotate(OpenApi.Summary, "Place an order"),
    HttpApiEndpoint.post("placeSingular", "/order", place).annotate(OpenApi.Summary, "The same as POST /orders"),
    HttpApiEndpoint.get("list", "/orders", {
      query: page,
      success: OrderPage,
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Summary, "All orders, newest first"),
    HttpApiEndpoint.get("listOfUser", "/orders/user/:user_id", {
      params: { user_id: UserId },
      query: page,
      success: OrderPage,
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Summary, "One customer's orders, newest first"),
    HttpApiEndpoint.get("get", "/orders/:order_id", {
      params: { order_id: OrderId },
      success: OrderDetails,
      error: [InvalidRequest, OrderNotFound, Unavailable]
    }).annotate(OpenApi.Summary, "One order with its history"),
    HttpApiEndpoint.post("cancel", "/orders/:order_id/cancel", {
      params: { order_id: OrderId },
      success: OrderSummary,
      error: [InvalidRequest, OrderNotFound, OrderAlreadyFinal, Unavailable]
    }).annotate(OpenApi.Summary, "Cancel an order that is not confirmed yet")
  )
  .annotate(OpenApi.Description, "Orders and what became of them") {}
