import { setTimeout as sleep } from "node:timers/promises"

const LOOK_EVERY_MILLIS = 100
const PATIENCE_MILLIS = 60_000

const ORDER = {
  user_id: "00000000-0000-7000-8000-000000000042",
  items: [{ item_id: 1, quantity: 1 }],
  payment_info: { method: "card", token: "tok_ok" }
}

export class NoOrder extends Error {}

const answered = async (url: string, init?: RequestInit): Promise<Response> => {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new NoOrder(`${url} answered ${response.status}: ${await response.text()}`)
  return response
}

const eventuallyIn = async <A>(what: string, ask: () => Promise<A | undefined>): Promise<A> => {
  const until = performance.now() + PATIENCE_MILLIS
  for (;;) {
    const found = await ask()
    if (found !== undefined) return found
    if (performance.now() > until) throw new NoOrder(`waited in vain: ${what}`)
    await sleep(LOOK_EVERY_MILLIS)
  }
}

/** Places an order from outside, sees it confirmed, and opens its receipt at the signed address that the API leads to. */
export const firstOrder = async (
  apiUrl: string
): Promise<{ readonly orderId: string; readonly receiptUrl: string }> => {
  const placed = await answered(`${apiUrl}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ORDER)
  })
  const { order_id: orderId } = (await placed.json()) as { readonly order_id: string }
  await eventuallyIn(`order ${orderId} is confirmed`, async () => {
    const { status } = (await (await answered(`${apiUrl}/orders/${orderId}`)).json()) as { readonly status: string }
    if (status !== "PENDING" && status !== "CONFIRMED") throw new NoOrder(`order ${orderId} ended as ${status}`)
    return status === "CONFIRMED" ? status : undefined
  })
  const receipt = await eventuallyIn("there is a receipt", async () => {
    const response = await fetch(`${apiUrl}/orders/${orderId}/receipt`, { signal: AbortSignal.timeout(10_000) })
    const text = await response.text()
    return response.ok ? { url: response.url, text } : undefined
  })
  if (!receipt.text.includes(orderId)) throw new NoOrder(`the receipt at ${receipt.url} is of something else`)
  return { orderId, receiptUrl: receipt.url }
}
