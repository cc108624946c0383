import { InvalidRequest, type OrderId, type OrderRequest, PublicApi, type UserId } from "@flowforge/contracts"
import { currentTraceparent } from "@flowforge/messaging"
import { EarlyRefusals } from "@flowforge/platform/http"
import { Effect } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Admission } from "./intake/admission.ts"
import { fieldsWithCardNumbers } from "./intake/card-numbers.ts"
import { Intake } from "./intake/intake.ts"
import { OrderReads } from "./reads.ts"
import { Settlements } from "./settlements.ts"

/** Ids have one spelling inside, the one PostgreSQL answers with: keys, comparisons and caches go by the text. */
const spelled = <Id extends OrderId | UserId>(id: Id): Id => id.toLowerCase() as Id

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/u

/** The trace to go on with: that of our own span, or the client's where no spans are made. */
const traceparentOf = ({ headers }: HttpServerRequest.HttpServerRequest): Effect.Effect<string | undefined> =>
  Effect.map(currentTraceparent, (ours) => {
    const traceparent = ours ?? headers["traceparent"]
    return traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined
  })

export const layerOrders = HttpApiBuilder.group(
  PublicApi,
  "orders",
  Effect.fnUntraced(function* (handlers) {
    const intake = yield* Intake
    const reads = yield* OrderReads
    const settlements = yield* Settlements
    const { refusal } = yield* Admission
    const early = yield* EarlyRefusals
    for (const path of ["/orders", "/order"]) early.add("POST", path, refusal)

    const place = Effect.fnUntraced(
      function* ({
        headers,
        payload,
        request
      }: {
        readonly payload: OrderRequest
        readonly headers: { readonly "idempotency-key"?: string }
        readonly request: HttpServerRequest.HttpServerRequest
      }) {
        // What nobody knows is left out of the payload, and looked at here.
        const errors = fieldsWithCardNumbers(yield* Effect.orDie(request.json))
        if (errors.length > 0) return yield* new InvalidRequest({ errors })
        const { orderId, body } = yield* intake.place({
          order: { ...payload, user_id: spelled(payload.user_id) },
          idempotencyKey: headers["idempotency-key"],
          traceparent: yield* traceparentOf(request)
        })
        // The stored bytes themselves, so that a repeated request is answered alike to the byte.
        return HttpServerResponse.uint8Array(body, {
          status: 202,
          contentType: "application/json",
          headers: { location: `/orders/${orderId}` }
        })
      },
      Effect.catchTag("SqlError", Effect.die)
    )

    return handlers
      .handle("place", place)
      .handle("placeSingular", place)
      .handle("list", ({ query }) => Effect.catchTag(reads.page(query), "SqlError", Effect.die))
      .handle("listOfUser", ({ params: { user_id }, query }) =>
        Effect.catchTag(reads.pageOfUser(spelled(user_id), query), "SqlError", Effect.die)
      )
      .handle("get", ({ params: { order_id } }) =>
        Effect.catchTag(reads.details(spelled(order_id)), "SqlError", Effect.die)
      )
      .handle("status", ({ params: { order_id } }) =>
        reads.status(spelled(order_id)).pipe(
          Effect.map((status) => ({ order_id: spelled(order_id), status })),
          Effect.catchTag("SqlError", Effect.die)
        )
      )
      .handle("cancel", ({ params: { order_id } }) =>
        settlements
          .cancelByCustomer(spelled(order_id))
          .pipe(Effect.andThen(reads.details(spelled(order_id))), Effect.catchTag("SqlError", Effect.die))
      )
  })
)
