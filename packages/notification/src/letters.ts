import type { CancelReason, OrderId } from "@flowforge/contracts"
import { escapeHtml, type Mail } from "@flowforge/platform"
import { formatAmount } from "./receipts/receipt.ts"

/** What a customer is told, in words. */
export interface Letter extends Pick<Mail, "subject" | "text" | "html"> {
  readonly sms: string
}

const page = (paragraphs: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FlowForge</title></head>
<body style="margin:0;padding:24px;background:#eef1f5;color:#1c2733;font:16px/1.5 system-ui,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">
${paragraphs}
<p style="margin:32px 0 0;color:#5b6b7b;font-size:13px">FlowForge</p>
</div>
</body>
</html>
`

/** A name as it may stand in the text of a mail: it cannot begin a line of its own, nor turn one around. */
const inText = (name: string): string => name.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim()

const short = (orderId: OrderId): string => orderId.slice(-12)

export const confirmedLetter = (order: {
  readonly orderId: OrderId
  readonly customer: string
  readonly total: number
  readonly receiptUrl: string
}): Letter => {
  const { orderId, receiptUrl } = order
  const pdfUrl = `${receiptUrl}?format=pdf`
  const total = formatAmount(order.total)
  const customer = escapeHtml(order.customer)
  return {
    subject: `Your order ${short(orderId)} is confirmed`,
    text: `Hello ${inText(order.customer)},

your order is confirmed and paid.

Order: ${orderId}
Total: ${total}
Receipt: ${receiptUrl}
As PDF:  ${pdfUrl}

FlowForge
`,
    html: page(`<p>Hello <bdi>${customer}</bdi>,</p>
<p>your order is confirmed and paid.</p>
<p>Order: <code>${orderId}</code><br>Total: <strong>${total}</strong></p>
<p><a href="${escapeHtml(receiptUrl)}" style="display:inline-block;padding:10px 20px;border-radius:8px;background:#15803d;color:#fff;text-decoration:none">Open the receipt</a>&ensp;<a href="${escapeHtml(pdfUrl)}" style="color:#15803d">as PDF</a></p>`),
    sms: `FlowForge: your order ${short(orderId)} for ${total} is confirmed. Receipt: ${receiptUrl}`
  }
}

const REASONS: Readonly<Record<CancelReason, string>> = {
  PAYMENT_FAILED: "the payment was declined",
  OUT_OF_STOCK: "not everything you ordered is in stock",
  CUSTOMER: "you asked us to"
}

export const cancelledLetter = (order: {
  readonly orderId: OrderId
  readonly customer: string
  readonly reason: CancelReason
}): Letter => {
  const { orderId } = order
  const reason = REASONS[order.reason]
  return {
    subject: `Your order ${short(orderId)} was cancelled`,
    text: `Hello ${inText(order.customer)},

your order was cancelled, because ${reason}. You pay nothing: what was already paid goes back.

Order: ${orderId}

FlowForge
`,
    html: page(`<p>Hello <bdi>${escapeHtml(order.customer)}</bdi>,</p>
<p>your order was cancelled, because ${reason}. You pay nothing: what was already paid goes back.</p>
<p>Order: <code>${orderId}</code></p>`),
    sms: `FlowForge: your order ${short(orderId)} was cancelled, because ${reason}. You pay nothing.`
  }
}
