import type { Pool } from "pg"
import { makeGateway } from "./gateway.ts"
import type { Handlers, Send } from "./messaging.ts"

/** Captures the money of an order under its id, and gives it back when the order is cancelled. */
export const payments = (pool: Pool, send: Send, gatewayUrl: string): Handlers => {
  const call = makeGateway(gatewayUrl)
  return {
    "peer.order.created": async ({ amount, items, method, order_id, token }) => {
      const payment = await call("/v1/captures", order_id, { amount, method, token, reference: order_id })
      const isCaptured = payment.status === "captured"
      await pool.query({
        name: "pay",
        text: `INSERT INTO payments (order_id, amount, status, txn_id, decline_reason) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT DO NOTHING`,
        values: [order_id, amount, isCaptured ? "captured" : "declined", payment.txn_id, payment.decline_reason]
      })
      if (isCaptured) await send("peer.payment.succeeded", { order_id, items })
      else await send("peer.payment.failed", { order_id, reason: payment.decline_reason ?? "declined" })
    },
    "peer.order.cancelled": async ({ order_id }) => {
      const { rows } = await pool.query<{ amount: string; txn_id: string }>({
        name: "captured",
        text: "SELECT amount, txn_id FROM payments WHERE order_id = $1 AND status IN ('captured', 'refunded')",
        values: [order_id]
      })
      const paid = rows[0]
      if (paid === undefined) return
      await call("/v1/refunds", `refund:${order_id}`, { txn_id: paid.txn_id, amount: Number(paid.amount) })
      await pool.query({
        name: "refund",
        text: "UPDATE payments SET status = 'refunded', updated_at = now() WHERE order_id = $1",
        values: [order_id]
      })
      await send("peer.payment.refunded", { order_id })
    }
  }
}
