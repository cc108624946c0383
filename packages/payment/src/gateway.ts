import type { MinorUnits, OrderId } from "@flowforge/contracts"
import { DependencyUnavailable } from "@flowforge/messaging"
import { Context, type Effect, Schema } from "effect"
import type { GatewayFact } from "./domain.ts"

/** The gateway did not answer in time: it may have done it. Asking again under the same key is safe. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  message: Schema.String
}) {}

export type GatewayError = DependencyUnavailable | OutcomeUnknown

export interface CaptureRequest {
  readonly orderId: OrderId
  readonly amount: MinorUnits
  readonly method: string
  readonly token: string
}

/** The key under which the gateway knows the capture of an order. */
export const captureKey = (orderId: OrderId): string => orderId
/** The key under which the gateway knows the one refund of an order. */
export const refundKey = (orderId: OrderId): string => `refund:${orderId}`

/**
 * The payment company. Every call carries an idempotency key, so it may be repeated; an answer is definite, a refusal to
 * capture (a decline) included.
 */
export class PaymentGateway extends Context.Service<
  PaymentGateway,
  {
    readonly capture: (request: CaptureRequest) => Effect.Effect<GatewayFact, GatewayError>
    /** Makes sure that the order is never captured, or learns that it was. */
    readonly void: (orderId: OrderId) => Effect.Effect<GatewayFact, GatewayError>
    readonly refund: (request: {
      readonly orderId: OrderId
      readonly txnId: string
      readonly amount: MinorUnits
    }) => Effect.Effect<GatewayFact, GatewayError>
  }
>()("@flowforge/payment/PaymentGateway") {}
