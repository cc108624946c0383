import {
  DEFAULT_PAGE,
  InvalidRequest,
  type OrderDetails,
  OrderId,
  OrderNotFound,
  type OrderStatus,
  type UserId
} from "@flowforge/contracts"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { OrderCache, type PageOfOrders } from "./order-cache.ts"
import { detailsOf, summaryOf } from "./rendering.ts"
import { Orders } from "./store.ts"

export interface PageQuery {
  readonly limit?: number
  readonly cursor?: string
  readonly status?: OrderStatus
}

/**
 * What is answered about orders. A page's cursor is the last order seen: ids grow with time, so orders that arrive
 * meanwhile come before it and shift nothing.
 */
export class OrderReads extends Context.Service<
  OrderReads,
  {
    readonly page: (query: PageQuery) => Effect.Effect<PageOfOrders, InvalidRequest | SqlError.SqlError>
    /** Of a customer nobody knows there are no orders: whom we know is not told by guessing. */
    readonly pageOfUser: (
      user: UserId,
      query: PageQuery
    ) => Effect.Effect<PageOfOrders, InvalidRequest | SqlError.SqlError>
    readonly details: (id: OrderId) => Effect.Effect<OrderDetails, OrderNotFound | SqlError.SqlError>
    readonly status: (id: OrderId) => Effect.Effect<OrderStatus, OrderNotFound | SqlError.SqlError>
  }
>()("@flowforge/order/OrderReads") {
  static readonly layer: Layer.Layer<OrderReads, never, OrderCache | Orders> = Layer.effect(
    OrderReads,
    Effect.gen(function* () {
      const cache = yield* OrderCache
      const orders = yield* Orders

      const page = Effect.fnUntraced(function* ({ cursor, limit = DEFAULT_PAGE, status }: PageQuery, userId?: UserId) {
        const before = cursor === undefined ? undefined : yield* decodeCursor(cursor)
        const rows = yield* orders.page({ userId, status, before, limit: limit + 1 })
        const shown = rows.slice(0, limit)
        const last = shown.at(-1)
        const next = rows.length > limit && last !== undefined ? { next_cursor: encodeCursor(last.id) } : {}
        return { orders: shown.map(summaryOf), ...next } satisfies PageOfOrders
      })

      return OrderReads.of({
        page: (query) => page(query),
        pageOfUser: Effect.fnUntraced(function* (user, query) {
          const isFirst = Object.values(query).every((value) => value === undefined)
          const recent = isFirst ? yield* cache.recentOrders(user) : undefined
          if (recent !== undefined) return recent
          const found = yield* page(query, user)
          if (isFirst) yield* cache.fillRecentOrders(user, found)
          return found
        }),
        details: Effect.fnUntraced(function* (id) {
          const facts = yield* orders.find(id)
          return facts === undefined ? yield* new OrderNotFound({ order_id: id }) : detailsOf(facts)
        }),
        status: Effect.fnUntraced(function* (id) {
          const final = yield* cache.finalStatus(id)
          if (final !== undefined) return final
          const status = yield* orders.status(id)
          if (status === undefined) return yield* new OrderNotFound({ order_id: id })
          yield* cache.fillStatus(id, status)
          return status
        })
      })
    })
  )
}

const isOrderId = Schema.is(OrderId)

const encodeCursor = (id: OrderId): string => Buffer.from(id).toString("base64url")

const decodeCursor = (cursor: string): Effect.Effect<OrderId, InvalidRequest> => {
  const id = Buffer.from(cursor, "base64url").toString()
  return isOrderId(id)
    ? Effect.succeed(id)
    : Effect.fail(
        new InvalidRequest({ errors: [{ field: "cursor", message: "must be a next_cursor that was answered" }] })
      )
}
