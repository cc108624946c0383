import { InvalidRequest, OrderId, type OrderStatus, type UserId } from "@flowforge/contracts"
import { Effect, Schema } from "effect"
import { Orders } from "./store.ts"

const DEFAULT_LIMIT = 20

const isOrderId = Schema.is(OrderId)

const decodeCursor = (cursor: string): Effect.Effect<OrderId, InvalidRequest> => {
  const id = Buffer.from(cursor, "base64url").toString()
  return isOrderId(id)
    ? Effect.succeed(id)
    : Effect.fail(
        new InvalidRequest({ errors: [{ field: "cursor", message: "must be a next_cursor that was answered" }] })
      )
}

/**
 * A page of orders, newest first. The cursor is the last order seen: ids grow with time, so orders that arrive
 * meanwhile come before it and shift nothing.
 */
export const pageOf = Effect.fnUntraced(function* (
  query: { readonly limit?: number; readonly cursor?: string; readonly status?: OrderStatus },
  userId?: UserId
) {
  const orders = yield* Orders
  const limit = query.limit ?? DEFAULT_LIMIT
  const before = query.cursor === undefined ? undefined : yield* decodeCursor(query.cursor)
  const rows = yield* orders.page({ userId, status: query.status, before, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown,
    nextCursor: rows.length > limit && last !== undefined ? Buffer.from(last.id).toString("base64url") : undefined
  }
})
