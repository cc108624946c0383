import type { MinorUnits, OrderId } from "@flowforge/contracts"
import type { DependencyUnavailable } from "@flowforge/messaging"
import { Context, type Effect, Schema } from "effect"
import type { GatewayFact } from "../domain.ts"

/** The gateway did not answer in time: what it did, nobody here knows. Asking again under the same key is safe. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  orderId: Schema.String,
  reason: Schema.String
}) {}

/** The gateway does not accept the request as it is; nothing happened. People have to look. */
export class GatewayRefused extends Schema.TaggedError<GatewayRefused>()("GatewayRefused", {
  orderId: Schema.String,
  reason: Schema.String
}) {}

export type GatewayError = DependencyUnavailable | OutcomeUnknown | GatewayRefused

export interface CaptureRequest {
  readonly orderId: OrderId
  readonly amount: MinorUnits
  readonly method: string
  readonly token: string
}

export interface RefundRequest {
  readonly orderId: OrderId
  readonly txnId: string
  readonly amount: MinorUnits
}

/** The key under which the gateway knows the capture of an order. */
export const captureKey = (orderId: OrderId): string => orderId
/** The key under which the gateway knows the one refund of an order. */
export const refundKey = (orderId: OrderId): string => `refund:${orderId}`

/**
 * The payment company. Every call carries an idempotency key, so it may be repeated; an answer is definite, a declined
 * card included.
 */
export class PaymentGateway extends Context.Service<
  PaymentGateway,
  {
    readonly capture: (request: CaptureRequest) => Effect.Effect<GatewayFact, GatewayError>
    /** Makes sure that the order is never captured, or learns that it was. */
    readonly void: (orderId: OrderId) => Effect.Effect<GatewayFact, GatewayError>
    readonly refund: (request: RefundRequest) => Effect.Effect<GatewayFact, GatewayError>
    /** What the order's capture came to; nothing when the company has never heard of it. */
    readonly find: (orderId: OrderId) => Effect.Effect<GatewayFact | undefined, GatewayError>
  }
>()("@flowforge/payment/PaymentGateway") {}
