import { Agent, request as send } from "node:http"
import { GatewayPayment } from "@flowforge/contracts"
import { DependencyUnavailable } from "@flowforge/messaging"
import { Duration, Effect, Layer, Metric, Result, Schema } from "effect"
import type { GatewayFact } from "./domain.ts"
import { captureKey, type GatewayError, OutcomeUnknown, PaymentGateway, refundKey } from "./gateway.ts"

export interface HttpGatewayOptions {
  readonly url: string
  /** How long one call may take. */
  readonly timeout: Duration.Duration
  /** Connections kept open. */
  readonly connections: number
}

const durations = Metric.histogram("flowforge_gateway_call_duration_seconds", {
  description: "Time of a call to the payment gateway",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
})

const decode = Schema.decodeUnknownResult(GatewayPayment)

/** The gateway over HTTP, on keep-alive connections. */
export const layerHttp = (options: HttpGatewayOptions): Layer.Layer<PaymentGateway> =>
  Layer.effect(
    PaymentGateway,
    Effect.gen(function* () {
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Agent({ keepAlive: true, maxSockets: options.connections, scheduling: "fifo" })),
        (open) => Effect.sync(() => open.destroy())
      )
      const call = (path: string, key: string, body: object = {}): Effect.Effect<GatewayFact, GatewayError> =>
        post(agent, options, { path, key, body: JSON.stringify(body) }).pipe(
          Effect.flatMap(factOf),
          Effect.timed,
          Effect.flatMap(([took, fact]) => Effect.as(Metric.update(durations, Duration.toSeconds(took)), fact))
        )
      return PaymentGateway.of({
        capture: ({ orderId, amount, method, token }) =>
          call("/v1/captures", captureKey(orderId), { amount, method, token, reference: orderId }),
        void: (orderId) => call("/v1/voids", captureKey(orderId)),
        refund: ({ orderId, txnId, amount }) => call("/v1/refunds", refundKey(orderId), { txn_id: txnId, amount })
      })
    })
  )

interface HttpAnswer {
  readonly status: number
  readonly text: string
}

const unavailable = (reason: string) => new DependencyUnavailable({ dependency: "payment gateway", reason })

const post = (
  agent: Agent,
  { url, timeout }: HttpGatewayOptions,
  call: { readonly path: string; readonly key: string; readonly body: string }
): Effect.Effect<HttpAnswer, GatewayError> =>
  Effect.callback<HttpAnswer, GatewayError>((resume) => {
    const request = send(`${url}${call.path}`, {
      agent,
      method: "POST",
      timeout: Duration.toMillis(timeout),
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(call.body),
        "idempotency-key": call.key
      }
    })
    request.on("response", (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, text })))
    })
    request.on("timeout", () => {
      resume(Effect.fail(new OutcomeUnknown({ message: "the payment gateway did not answer in time" })))
      request.destroy()
    })
    request.on("error", (error: NodeJS.ErrnoException) =>
      // Refused before anything was sent is "down"; a connection that breaks later leaves the outcome open.
      resume(
        Effect.fail(
          error.code === "ECONNREFUSED"
            ? unavailable("connection refused")
            : new OutcomeUnknown({ message: `the connection to the payment gateway broke (${error.code ?? "closed"})` })
        )
      )
    )
    request.end(call.body)
    return Effect.sync(() => request.destroy())
  })

const factOf = ({ status, text }: HttpAnswer): Effect.Effect<GatewayFact, GatewayError> => {
  if (status === 503 || status === 429 || status === 502 || status === 504) {
    return Effect.fail(unavailable(`answered ${status}`))
  }
  const payment = status === 200 ? decode(parse(text)) : Result.fail(undefined)
  if (Result.isFailure(payment)) return Effect.die(new Error(`the payment gateway answered ${status}`))
  const { status: state, txn_id, refund_id, decline_reason } = payment.success
  switch (state) {
    case "captured":
      return Effect.succeed({ _tag: "Captured", txnId: txn_id ?? "" })
    case "declined":
      return Effect.succeed({ _tag: "Declined", reason: decline_reason ?? "declined" })
    case "voided":
      return Effect.succeed({ _tag: "Voided" })
    case "refunded":
      return Effect.succeed({ _tag: "Refunded", refundId: refund_id ?? "" })
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
