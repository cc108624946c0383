import { GatewayPayment } from "@flowforge/contracts"
import { DependencyUnavailable } from "@flowforge/messaging"
import { clientSpan } from "@flowforge/platform"
import { Duration, Effect, Layer, Result, Schema } from "effect"
import type { GatewayFact } from "../domain.ts"
import { measured } from "../metrics.ts"
import { captureKey, type GatewayError, GatewayRefused, PaymentGateway, refundKey } from "./gateway.ts"
import { type Answer, makeRequest } from "./request.ts"

export interface HttpGatewayOptions {
  readonly url: string
  /** How long one call may take. */
  readonly timeout: Duration.Duration
  /** Calls under way at once, and connections kept open. */
  readonly connections: number
}

/** The gateway over HTTP, as contracts declare it. */
export const layerHttp = (options: HttpGatewayOptions): Layer.Layer<PaymentGateway> =>
  Layer.effect(
    PaymentGateway,
    Effect.gen(function* () {
      const url = new URL(options.url)
      const { ask } = yield* Effect.acquireRelease(
        Effect.sync(() =>
          makeRequest({
            url,
            timeoutMillis: Duration.toMillis(options.timeout),
            maxConnections: options.connections
          })
        ),
        ({ close }) => close
      )
      const spanOf = (method: "GET" | "POST", template: string) =>
        clientSpan(`${method} ${template}`, {
          "http.request.method": method,
          "url.template": template,
          "server.address": url.hostname
        })
      const post = (orderId: string, path: string, key: string, body: object = {}) =>
        ask({ orderId, method: "POST", path, key, body: JSON.stringify(body) }).pipe(
          Effect.flatMap((answer) => factOf(orderId, answer)),
          spanOf("POST", path)
        )
      return PaymentGateway.of({
        capture: ({ amount, method, orderId, token }) =>
          post(orderId, "/v1/captures", captureKey(orderId), { amount, method, token, reference: orderId }).pipe(
            measured("capture")
          ),
        void: (orderId) => post(orderId, "/v1/voids", captureKey(orderId)).pipe(measured("void")),
        refund: ({ amount, orderId, txnId }) =>
          post(orderId, "/v1/refunds", refundKey(orderId), { txn_id: txnId, amount }).pipe(measured("refund")),
        find: (orderId) =>
          ask({ orderId, method: "GET", path: `/v1/payments/${encodeURIComponent(captureKey(orderId))}` }).pipe(
            Effect.flatMap((answer) => (answer.status === 404 ? Effect.succeed(undefined) : factOf(orderId, answer))),
            spanOf("GET", "/v1/payments/{key}"),
            measured("find")
          )
      })
    })
  )

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(GatewayPayment))

const factOf = (orderId: string, { body, status }: Answer): Effect.Effect<GatewayFact, GatewayError> => {
  if (status === 429 || status >= 500) {
    return Effect.fail(new DependencyUnavailable({ dependency: "payment gateway", reason: `it answered ${status}` }))
  }
  const payment = status === 200 ? decode(body) : undefined
  const fact = payment !== undefined && Result.isSuccess(payment) ? read(payment.success) : undefined
  return fact === undefined
    ? Effect.fail(new GatewayRefused({ orderId, reason: `it answered ${status} to a request under its key` }))
    : Effect.succeed(fact)
}

const read = (payment: GatewayPayment): GatewayFact | undefined => {
  switch (payment.status) {
    case "captured":
      return payment.txn_id === undefined ? undefined : { _tag: "Captured", txnId: payment.txn_id }
    case "declined":
      return { _tag: "Declined", reason: payment.decline_reason ?? "declined" }
    case "voided":
      return { _tag: "Voided" }
    case "refunded":
      return payment.refund_id === undefined ? undefined : { _tag: "Refunded", refundId: payment.refund_id }
  }
}
