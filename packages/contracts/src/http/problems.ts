import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

const urn = <const Name extends string>(name: Name): `urn:flowforge:problem:${Name}` => `urn:flowforge:problem:${name}`

/** One field at fault: `field` is a path such as `items[2].quantity`, `message` says what it must be. */
export const FieldError = Schema.Struct({ field: Schema.String, message: Schema.String })
export type FieldError = typeof FieldError.Type

/** 400 (and, from the HTTP server, 404, 405, 413, 415 of the same shape): the request is wrong, field by field. */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: urn("invalid-request"), status: 400, title: "The request is not valid" },
  { errors: Schema.Array(FieldError) }
) {}

/** 404: no such order. */
export class OrderNotFound extends HttpApiError.Problem<OrderNotFound>()(
  "OrderNotFound",
  { type: urn("order-not-found"), status: 404, title: "No such order" },
  { order_id: Schema.String }
) {}

/** 404: items that the catalogue does not have. */
export class ItemNotFound extends HttpApiError.Problem<ItemNotFound>()(
  "ItemNotFound",
  { type: urn("item-not-found"), status: 404, title: "No such item" },
  { item_ids: Schema.Array(Schema.Int) }
) {}

/** 409: the order already reached its end, so it cannot be cancelled any more. */
export class OrderAlreadyFinal extends HttpApiError.Problem<OrderAlreadyFinal>()(
  "OrderAlreadyFinal",
  { type: urn("order-already-final"), status: 409, title: "The order has already reached its end" },
  { order_id: Schema.String, order_status: Schema.String }
) {}

/** 409 with `Retry-After`: a request with this Idempotency-Key is still being worked on. */
export class RequestInFlight extends HttpApiError.Problem<RequestInFlight>()(
  "RequestInFlight",
  { type: urn("request-in-flight"), status: 409, title: "A request with this Idempotency-Key is still in flight" },
  { retry_after_seconds: Schema.Int }
) {}

/** 422: the Idempotency-Key was used before, with another body. */
export class IdempotencyKeyReused extends HttpApiError.Problem<IdempotencyKeyReused>()("IdempotencyKeyReused", {
  type: urn("idempotency-key-reused"),
  status: 422,
  title: "This Idempotency-Key was used with another request"
}) {}

/** 409 with `Retry-After`: the order is (or may become) confirmed, its receipt is not written yet. */
export class ReceiptNotReady extends HttpApiError.Problem<ReceiptNotReady>()(
  "ReceiptNotReady",
  { type: urn("receipt-not-ready"), status: 409, title: "The receipt is not there yet" },
  { order_id: Schema.String, retry_after_seconds: Schema.Int }
) {}

/** 404: a cancelled order has no receipt and never will. */
export class NoReceipt extends HttpApiError.Problem<NoReceipt>()(
  "NoReceipt",
  { type: urn("no-receipt"), status: 404, title: "A cancelled order has no receipt" },
  { order_id: Schema.String }
) {}

/** 409: the adjustment would take the stock below zero. */
export class InsufficientStock extends HttpApiError.Problem<InsufficientStock>()(
  "InsufficientStock",
  { type: urn("insufficient-stock"), status: 409, title: "The stock would go below zero" },
  { item_id: Schema.Int, available: Schema.Int }
) {}

/** 429 with `Retry-After`: more requests are waiting than this process accepts. */
export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()(
  "TooManyRequests",
  { type: urn("too-many-requests"), status: 429, title: "Too many requests are waiting" },
  { retry_after_seconds: Schema.Int }
) {}

/** 503 with `Retry-After`: not ready, or a dependency is away, or too many orders are unfinished. */
export class Unavailable extends HttpApiError.Problem<Unavailable>()(
  "Unavailable",
  { type: urn("unavailable"), status: 503, title: "Not available at the moment" },
  { retry_after_seconds: Schema.Int }
) {}
