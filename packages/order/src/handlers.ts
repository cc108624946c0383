import {
  type OrderId,
  OrderAlreadyFinal,
  OrderNotFound,
  PublicApi,
  type OrderRequest,
  Unavailable
} from "@flowforge/contracts"
import { Effect } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { SqlError } from "effect/sql"
import { Intake } from "./intake/intake.ts"
import { pageOf } from "./pages.ts"
import { detailsOf, summaryOf } from "./rendering.ts"
import { Settlements } from "./settlements.ts"
import { Orders } from "./store.ts"

/** A database that is away is worth another try; anything else it says is a mistake of ours. */
const unavailable = (error: SqlError.SqlError): Effect.Effect<never, Unavailable> =>
  error.isRetryable ? Effect.fail(new Unavailable({ retry_after_seconds: 1 })) : Effect.die(error)

export const layerOrders = HttpApiBuilder.group(
  PublicApi,
  "orders",
  Effect.fnUntraced(function* (handlers) {
    const intake = yield* Intake
    const orders = yield* Orders
    const settlements = yield* Settlements

    const place = Effect.fnUntraced(
      function* (input: {
        readonly payload: OrderRequest
        readonly headers: { readonly "idempotency-key"?: string }
        readonly request: HttpServerRequest.HttpServerRequest
      }) {
        const { orderId, body } = yield* intake.place({
          order: input.payload,
          idempotencyKey: input.headers["idempotency-key"],
          traceparent: input.request.headers["traceparent"]
        })
        // The stored bytes themselves, so that a repeated request is answered alike to the byte.
        return HttpServerResponse.uint8Array(body, {
          status: 202,
          contentType: "application/json",
          headers: { location: `/orders/${orderId}` }
        })
      },
      Effect.catchTag("SqlError", unavailable)
    )

    const find = Effect.fnUntraced(function* (id: OrderId) {
      return (yield* orders.find(id)) ?? (yield* new OrderNotFound({ order_id: id }))
    })

    const answerPage = ({ rows, nextCursor }: Effect.Success<ReturnType<typeof pageOf>>) => ({
      orders: rows.map(summaryOf),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor })
    })

    return handlers
      .handle("place", place)
      .handle("placeSingular", place)
      .handle("list", ({ query }) =>
        pageOf(query).pipe(
          Effect.provideService(Orders, orders),
          Effect.map(answerPage),
          Effect.catchTag("SqlError", unavailable)
        )
      )
      .handle("listOfUser", ({ params, query }) =>
        pageOf(query, params.user_id).pipe(
          Effect.provideService(Orders, orders),
          Effect.map(answerPage),
          Effect.catchTag("SqlError", unavailable)
        )
      )
      .handle("get", ({ params: { order_id } }) =>
        find(order_id).pipe(Effect.map(detailsOf), Effect.catchTag("SqlError", unavailable))
      )
      .handle(
        "cancel",
        Effect.fnUntraced(
          function* ({ params: { order_id } }) {
            yield* settlements.cancelByCustomer(order_id)
            const order = yield* find(order_id)
            if (order.status !== "CANCELLED") {
              return yield* new OrderAlreadyFinal({ order_id, order_status: order.status })
            }
            return summaryOf(order)
          },
          Effect.catchTag("SqlError", unavailable)
        )
      )
  })
)
