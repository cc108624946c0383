import {
  type FieldError,
  InvalidRequest,
  type ItemId,
  MAX_QUANTITY,
  MinorUnits,
  type OrderId,
  type OrderRequest
} from "@flowforge/contracts"
import { Effect } from "effect"
import { Catalogue } from "../catalogue.ts"
import type { NewOrder } from "./new-order.ts"

/** The most an order may cost, in cents: what an amount in an event can carry. */
export const MAX_TOTAL = 1_000_000_000_000_000

/** Turns a request into an order: the same item twice is added up, prices come from the catalogue. */
export const check = Effect.fnUntraced(function* (
  catalogue: Catalogue["Service"],
  request: OrderRequest,
  as: { readonly id: OrderId; readonly traceparent: string | undefined }
) {
  const prices = yield* catalogue.prices(request.items.map((line) => line.item_id))
  const errors: Array<FieldError> = []
  if (!(yield* catalogue.knowsUser(request.user_id))) errors.push({ field: "user_id", message: "is not known" })
  const quantities = new Map<ItemId, number>()
  request.items.forEach((line, n) => {
    const quantity = (quantities.get(line.item_id) ?? 0) + line.quantity
    quantities.set(line.item_id, quantity)
    if (!prices.has(line.item_id)) errors.push({ field: `items[${n}].item_id`, message: "is not in the catalogue" })
    else if (quantity > MAX_QUANTITY) {
      errors.push({ field: `items[${n}].quantity`, message: `adds up to more than ${MAX_QUANTITY} of this item` })
    }
  })
  if (errors.length > 0) return yield* new InvalidRequest({ errors })
  const lines = [...quantities].map(([itemId, quantity]) => ({ itemId, quantity, price: prices.get(itemId)! }))
  const total = lines.reduce((sum, line) => sum + line.price * line.quantity, 0)
  if (total > MAX_TOTAL) {
    return yield* new InvalidRequest({ errors: [{ field: "items", message: "cost more than an order may" }] })
  }
  return {
    id: as.id,
    userId: request.user_id,
    lines,
    total: MinorUnits.make(total),
    payment: request.payment_info,
    traceparent: as.traceparent
  } satisfies NewOrder
})
