import { Context, Effect, Layer, Schema } from "effect"
import { nameOf, PORTS } from "./desired/index.ts"
import type { OrderPipeline, SmokeOrder } from "./resource/index.ts"

/** The shop does not take the order, and will not when asked again. */
export class OrderRefused extends Schema.TaggedError<OrderRefused>()("OrderRefused", { message: Schema.String }) {}

/** The shop cannot be reached, or cannot answer now. */
export class ShopUnavailable extends Schema.TaggedError<ShopUnavailable>()("ShopUnavailable", {
  message: Schema.String
}) {}

/** The public API of a pipeline, as a customer uses it. */
export class Storefront extends Context.Service<
  Storefront,
  {
    /** Answers the order's id; with the same key the same order again. */
    readonly place: (
      pipeline: OrderPipeline,
      order: SmokeOrder,
      key: string
    ) => Effect.Effect<string, OrderRefused | ShopUnavailable>
    readonly statusOf: (
      pipeline: OrderPipeline,
      orderId: string
    ) => Effect.Effect<string, OrderRefused | ShopUnavailable>
  }
>()("@flowforge/operator/Storefront") {
  static readonly layer: Layer.Layer<Storefront> = Layer.sync(Storefront, () => ({
    place: (pipeline, { itemId, paymentMethod, paymentToken, userId }, key) =>
      ask(pipeline, Accepted, "/orders", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({
          user_id: userId,
          items: [{ item_id: itemId, quantity: 1 }],
          payment_info: { method: paymentMethod, token: paymentToken }
        })
      }).pipe(Effect.map(({ order_id }) => order_id)),
    statusOf: (pipeline, orderId) =>
      ask(pipeline, Status, `/orders/${encodeURIComponent(orderId)}/status`).pipe(Effect.map(({ status }) => status))
  }))
}

const Accepted = Schema.Struct({ order_id: Schema.String })
const Status = Schema.Struct({ status: Schema.String })

const BUDGET = "5 seconds"
const TOO_MANY = 429

const ask = Effect.fnUntraced(function* <A, I>(
  pipeline: OrderPipeline,
  schema: Schema.Codec<A, I>,
  path: string,
  request: RequestInit = {}
) {
  const { namespace } = pipeline.metadata
  const address = `http://${nameOf(pipeline, "api")}.${namespace}.svc:${PORTS.public}${path}`
  const unavailable = (error: unknown) => new ShopUnavailable({ message: `${address}: ${String(error)}` })
  const { status, text } = yield* Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(address, { ...request, signal })
      return { status: response.status, text: await response.text() }
    },
    catch: unavailable
  }).pipe(
    Effect.timeoutOrElse({ duration: BUDGET, orElse: () => Effect.fail(unavailable(`no answer within ${BUDGET}`)) })
  )
  if (status >= 500 || status === TOO_MANY) return yield* unavailable(`HTTP ${status}`)
  if (status >= 400) return yield* new OrderRefused({ message: `HTTP ${status}: ${text.slice(0, 300)}` })
  return yield* Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text), unavailable)
})
