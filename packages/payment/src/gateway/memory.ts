import type { OrderId } from "@flowforge/contracts"
import { Effect, Layer } from "effect"
import type { GatewayFact } from "../domain.ts"
import { GatewayRefused, PaymentGateway } from "./gateway.ts"

const DECLINES: Readonly<Record<string, string>> = {
  tok_declined: "card_declined",
  tok_insufficient_funds: "insufficient_funds"
}

interface Known {
  readonly fact: GatewayFact
  /** What was asked; nothing for the void of an unseen key. */
  readonly request: string | undefined
}

/** A payment company in memory that always answers: captures whatever token it does not decline. */
export const layerMemory: Layer.Layer<PaymentGateway> = Layer.sync(PaymentGateway, () => {
  const captures = new Map<OrderId, Known>()
  const refunds = new Map<OrderId, Known>()
  const answer = (orderId: OrderId, known: Known, request: string) =>
    known.request === undefined || known.request === request
      ? Effect.succeed(known.fact)
      : Effect.fail(new GatewayRefused({ orderId, reason: "the key was used with another request" }))
  return PaymentGateway.of({
    capture: ({ amount, method, orderId, token }) =>
      Effect.suspend(() => {
        const request = JSON.stringify([amount, method, token])
        const reason = DECLINES[token]
        const known = captures.get(orderId) ?? {
          request,
          fact: reason === undefined ? { _tag: "Captured", txnId: `txn_${orderId}` } : { _tag: "Declined", reason }
        }
        captures.set(orderId, known)
        return answer(orderId, known, request)
      }),
    void: (orderId) =>
      Effect.sync(() => {
        const known = captures.get(orderId) ?? { fact: { _tag: "Voided" }, request: undefined }
        captures.set(orderId, known)
        return known.fact
      }),
    refund: ({ amount, orderId, txnId }) =>
      Effect.suspend(() => {
        const captured = captures.get(orderId)?.fact
        if (captured?._tag !== "Captured" || captured.txnId !== txnId) {
          return Effect.fail(new GatewayRefused({ orderId, reason: "nothing was captured under this transaction" }))
        }
        const request = JSON.stringify([amount, txnId])
        const known = refunds.get(orderId) ?? { request, fact: { _tag: "Refunded", refundId: `ref_${orderId}` } }
        refunds.set(orderId, known)
        return answer(orderId, known, request)
      }),
    find: (orderId) => Effect.sync(() => captures.get(orderId)?.fact)
  })
})
