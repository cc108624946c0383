import { ItemId, MinorUnits, type OrderDetails, type OrderSummary } from "@flowforge/contracts"
import type { OrderFacts, OrderRow } from "./store.ts"

/** An order as clients see it in lists. */
export const summaryOf = (row: OrderRow): OrderSummary => ({
  order_id: row.id,
  user_id: row.user_id,
  status: row.status,
  total_amount: MinorUnits.make(row.total_amount),
  created_at: row.created_at.toISOString(),
  ...(row.cancel_reason === null ? {} : { cancel_reason: row.cancel_reason }),
  links: {
    self: `/orders/${row.id}`,
    ...(row.status === "PENDING" ? { cancel: `/orders/${row.id}/cancel` } : {}),
    ...(row.has_receipt ? { receipt: `/orders/${row.id}/receipt` } : {})
  }
})

/** An order with everything that is known about it. */
export const detailsOf = (facts: OrderFacts): OrderDetails => ({
  ...summaryOf(facts),
  items: facts.items.map(({ item_id, quantity, price }) => ({
    item_id: ItemId.make(item_id),
    quantity,
    price: MinorUnits.make(price),
    amount: MinorUnits.make(price * quantity)
  })),
  ...(facts.failed_items === null ? {} : { failed_items: facts.failed_items }),
  history: facts.history,
  trouble: facts.trouble.map(({ next_attempt_at, ...trouble }) => ({
    ...trouble,
    ...(next_attempt_at === null ? {} : { next_attempt_at })
  }))
})
