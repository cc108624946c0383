import { createHash } from "node:crypto"
import type { NewOrder } from "./new-order.ts"

/** The body of the 202, as it is sent and as it is kept for a repeated request. `order_id` comes first. */
export const answerOf = (order: NewOrder): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      order_id: order.id,
      status: "PENDING",
      total_amount: order.total / 100,
      links: { self: `/orders/${order.id}`, cancel: `/orders/${order.id}/cancel` }
    })
  )

/** What two requests of a customer with the same Idempotency-Key must share: everything else that was said. */
export const requestHash = (order: NewOrder): Uint8Array =>
  createHash("sha256")
    .update(
      JSON.stringify([
        order.lines.map(({ itemId, quantity }) => [itemId, quantity]),
        order.payment.method,
        order.payment.token
      ])
    )
    .digest()
