import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ItemId, OrderId, UserId } from "../ids.ts"
import { Money } from "../money.ts"
import { CancelReason, FailedItem, MAX_LINES, OrderStatus, Quantity } from "../order.ts"
import { ClientText, IdempotencyKey } from "./client-text.ts"
import { documented } from "./openapi.ts"
import {
  acceptedExample,
  cancelledExample,
  confirmedExample,
  orderRequests,
  pageExample,
  statusExample
} from "./orders-examples.ts"
import { NextCursor, pageParameters, pageQuery } from "./page.ts"
import {
  IdempotencyKeyReused,
  InvalidRequest,
  OrderAlreadyFinal,
  OrderNotFound,
  RequestInFlight,
  TooManyRequests,
  Unavailable
} from "./problems.ts"

const Time = Schema.String.annotate({ description: "ISO 8601, UTC" })

/** What a client sends to place an order. Prices come from the catalogue. */
export const OrderRequest = Schema.Struct({
  user_id: UserId,
  items: Schema.Array(Schema.Struct({ item_id: ItemId, quantity: Quantity })).check(
    Schema.isBetweenLength(1, MAX_LINES, { message: `must have 1 to ${MAX_LINES} lines` })
  ),
  payment_info: Schema.Struct({ method: ClientText, token: ClientText }).annotate({
    description: "A method such as `card`, and the payment company's token. Never a card number."
  })
}).annotate({ identifier: "OrderRequest" })
export type OrderRequest = typeof OrderRequest.Type

/** Paths a client can follow from an order. `receipt` is there once the receipt is. */
export const OrderLinks = Schema.Struct({
  self: Schema.String,
  cancel: Schema.optionalKey(Schema.String),
  receipt: Schema.optionalKey(Schema.String)
}).annotate({
  identifier: "OrderLinks",
  description: "Paths to follow. `cancel` while it can be cancelled, `receipt` once there is one."
})

/** The answer to an accepted order: it is stored and on its way. */
export const OrderAccepted = Schema.Struct({
  order_id: OrderId,
  status: Schema.Literal("PENDING"),
  total_amount: Money,
  links: OrderLinks
}).annotate({ identifier: "OrderAccepted", description: "The order is stored and on its way" })
export type OrderAccepted = typeof OrderAccepted.Type

/** One step of an order's life. `state` is a status, or REFUNDED when the money went back. */
export const HistoryEntry = Schema.Struct({
  state: Schema.Literals(["PENDING", "CONFIRMED", "CANCELLED", "REFUNDED"]),
  at: Time,
  cause: Schema.String
}).annotate({ identifier: "HistoryEntry" })

/** What holds an order up: an event that waits for its next attempt, or one that was given up. */
export const OrderTrouble = Schema.Struct({
  kind: Schema.Literals(["parked", "dead_letter"]),
  topic: Schema.String,
  consumer_group: Schema.String,
  attempts: Schema.Int,
  error: Schema.String,
  next_attempt_at: Schema.optionalKey(Time)
}).annotate({
  identifier: "OrderTrouble",
  description: "What holds the order up: an event that waits for its next attempt, or one that was given up."
})

/** An order as lists show it. */
export const OrderSummary = Schema.Struct({
  order_id: OrderId,
  user_id: UserId,
  status: OrderStatus,
  total_amount: Money,
  created_at: Time,
  cancel_reason: Schema.optionalKey(CancelReason),
  links: OrderLinks
}).annotate({ identifier: "OrderSummary", description: "The order as lists show it" })
export type OrderSummary = typeof OrderSummary.Type

/** An order with all that is known about it. */
export const OrderDetails = Schema.Struct({
  ...OrderSummary.fields,
  items: Schema.Array(Schema.Struct({ item_id: ItemId, quantity: Schema.Int, price: Money, amount: Money })),
  failed_items: Schema.optionalKey(Schema.Array(FailedItem)),
  history: Schema.Array(HistoryEntry),
  trouble: Schema.Array(OrderTrouble)
}).annotate({ identifier: "OrderDetails", description: "The order with all that is known about it" })
export type OrderDetails = typeof OrderDetails.Type

/** A page, newest first. `next_cursor` is absent on the last page. */
export const OrderPage = Schema.Struct({
  orders: Schema.Array(OrderSummary),
  next_cursor: NextCursor
}).annotate({ identifier: "OrderPage", description: "A page of orders, newest first" })

const pageOfOrders = { ...pageQuery, status: Schema.optionalKey(OrderStatus) }
const pageOfOrdersParameters = {
  ...pageParameters(pageExample.next_cursor),
  status: { description: "Only orders that stand here." }
}

const accepted = HttpApiSchema.WithHeaders(OrderAccepted.pipe(HttpApiSchema.status(202)), { location: Schema.String })

const place = {
  headers: { "idempotency-key": Schema.optionalKey(IdempotencyKey) },
  payload: OrderRequest,
  success: accepted,
  error: [InvalidRequest, RequestInFlight, IdempotencyKeyReused, TooManyRequests, Unavailable]
} as const

const placing = {
  description:
    "Answers as soon as the order is stored; payment, stock and confirmation follow, seen at `links.self`. The same item " +
    "twice is added up. Anything like a card number, in any field or in the key, is refused. With an `Idempotency-Key`, the same request again (within 24 hours) is answered the same and orders nothing twice.",
  parameters: {
    "idempotency-key": {
      description: "Your own name for this request, such as a UUID.",
      schema: { type: "string", minLength: 1, maxLength: 255, examples: ["0b7d9f1a-3c5e-4a70-8b92-1d3f5a7c9e0b"] }
    }
  },
  requests: orderRequests,
  answers: { 202: acceptedExample }
}

const orderParameter = { order_id: { description: "The order's id, as it was answered." } }

/** Answered by the order service. */
export class OrdersApi extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("place", "/orders", place).annotateMerge(
      documented({ summary: "Place an order", ...placing })
    ),
    HttpApiEndpoint.post("placeSingular", "/order", place).annotateMerge(
      documented({ summary: "The same as POST /orders", ...placing })
    ),
    HttpApiEndpoint.get("list", "/orders", {
      query: pageOfOrders,
      success: OrderPage,
      error: [InvalidRequest, Unavailable]
    }).annotateMerge(
      documented({
        summary: "All orders, newest first",
        parameters: pageOfOrdersParameters,
        answers: { 200: pageExample }
      })
    ),
    HttpApiEndpoint.get("listOfUser", "/orders/user/:user_id", {
      params: { user_id: UserId },
      query: pageOfOrders,
      success: OrderPage,
      error: [InvalidRequest, Unavailable]
    }).annotateMerge(
      documented({
        summary: "One customer's orders, newest first",
        description: "Empty for a customer who has none, or who is not known.",
        parameters: { user_id: { description: "The customer's id." }, ...pageOfOrdersParameters },
        answers: { 200: pageExample }
      })
    ),
    HttpApiEndpoint.get("get", "/orders/:order_id", {
      params: { order_id: OrderId },
      success: OrderDetails,
      error: [InvalidRequest, OrderNotFound, Unavailable]
    }).annotateMerge(
      documented({
        summary: "One order with its history",
        description: "`trouble` is empty unless something holds the order up.",
        parameters: orderParameter,
        answers: { 200: confirmedExample }
      })
    ),
    HttpApiEndpoint.get("status", "/orders/:order_id/status", {
      params: { order_id: OrderId },
      success: Schema.Struct({ order_id: OrderId, status: OrderStatus }),
      error: [InvalidRequest, OrderNotFound, Unavailable]
    }).annotateMerge(
      documented({
        summary: "Where one order stands",
        description: "For those who wait for its end: this is the cheapest to ask again and again.",
        parameters: orderParameter,
        answers: { 200: statusExample }
      })
    ),
    HttpApiEndpoint.post("cancel", "/orders/:order_id/cancel", {
      params: { order_id: OrderId },
      success: OrderSummary,
      error: [InvalidRequest, OrderNotFound, OrderAlreadyFinal, Unavailable]
    }).annotateMerge(
      documented({
        summary: "Cancel an order that is not confirmed yet",
        description:
          "Whether the cancel or the confirmation came first is decided once. Money and stock go back by themselves. Cancelling again answers the same.",
        parameters: orderParameter,
        answers: { 200: cancelledExample }
      })
    )
  )
  .annotate(OpenApi.Description, "Orders and what became of them") {}
