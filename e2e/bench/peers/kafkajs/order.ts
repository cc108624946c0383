import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Pool } from "pg"
import type { Line } from "./events.ts"
import type { Handlers, Send } from "./messaging.ts"

interface NewOrder {
  readonly user_id: string
  readonly items: ReadonlyArray<Line>
  readonly payment_info: { readonly method: string; readonly token: string }
}

/** How old a price may be: as FlowForge's. */
const PRICES_MILLIS = 5_000

const readPrices = (pool: Pool) => {
  let prices = new Map<number, number>()
  let readAt = Number.NEGATIVE_INFINITY
  return async (ids: ReadonlyArray<number>): Promise<ReadonlyMap<number, number>> => {
    if (performance.now() - readAt > PRICES_MILLIS || ids.some((id) => !prices.has(id))) {
      const { rows } = await pool.query<{ id: number; price: string }>("SELECT id, price FROM items")
      prices = new Map(rows.map(({ id, price }) => [id, Number(price)]))
      readAt = performance.now()
    }
    return prices
  }
}

const INSERT = `
  WITH created AS (
    INSERT INTO orders (id, user_id, total_amount, payment_method, payment_token) VALUES ($1, $2, $3, $4, $5) RETURNING id
  ), lines AS (
    INSERT INTO order_items (order_id, item_id, quantity, price)
    SELECT created.id, line.* FROM created, unnest($6::int[], $7::int[], $8::bigint[]) AS line
  )
  INSERT INTO order_history (order_id, state) SELECT id, 'PENDING' FROM created`

/** Ends an order that has no end yet, and says so; told again, says so again. */
const END = `
  WITH ended AS (
    UPDATE orders SET status = $2, cancel_reason = $3, updated_at = now() WHERE id = $1 AND status = 'PENDING' RETURNING id
  )
  INSERT INTO order_history (order_id, state) SELECT id, $2 FROM ended`

const bodyOf = async (request: IncomingMessage): Promise<NewOrder | undefined> => {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  try {
    const order = JSON.parse(text) as NewOrder
    const isWhole =
      typeof order.user_id === "string" &&
      order.items.length > 0 &&
      order.items.every(
        ({ item_id, quantity }) => Number.isInteger(item_id) && Number.isInteger(quantity) && quantity > 0
      ) &&
      typeof order.payment_info.method === "string" &&
      typeof order.payment_info.token === "string"
    return isWhole ? order : undefined
  } catch {
    return undefined
  }
}

const answer = (response: ServerResponse, status: number, body: object): void => {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text)
}

/** Takes orders in, tells the others, and ends them. */
export const serveOrders = (pool: Pool, send: Send, port: number) => {
  const pricesOf = readPrices(pool)

  const place = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const order = await bodyOf(request)
    if (order === undefined) return answer(response, 400, { title: "The request is not valid" })
    const { items, payment_info, user_id } = order
    const prices = await pricesOf(items.map(({ item_id }) => item_id))
    const lines = items.map((line) => ({ ...line, price: prices.get(line.item_id) }))
    if (lines.some(({ price }) => price === undefined)) return answer(response, 422, { title: "An item is not known" })
    const order_id = randomUUID()
    const amount = lines.reduce((sum, { price, quantity }) => sum + price! * quantity, 0)
    await pool.query({
      name: "insert",
      text: INSERT,
      values: [
        order_id,
        user_id,
        amount,
        payment_info.method,
        payment_info.token,
        lines.map(({ item_id }) => item_id),
        lines.map(({ quantity }) => quantity),
        lines.map(({ price }) => price)
      ]
    })
    // A crash here leaves an order that nobody hears of.
    await send("peer.order.created", { order_id, amount, ...payment_info, items })
    answer(response, 202, { order_id, status: "PENDING" })
  }

  const status = async (orderId: string, response: ServerResponse): Promise<void> => {
    const { rows } = await pool.query<{ status: string }>({
      name: "status",
      text: "SELECT status FROM orders WHERE id = $1",
      values: [orderId]
    })
    return rows[0] === undefined
      ? answer(response, 404, { title: "There is no such order" })
      : answer(response, 200, { order_id: orderId, status: rows[0].status })
  }

  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    const orderId = /^\/orders\/([0-9a-f-]{36})\/status$/u.exec(request.url ?? "")?.[1]
    const done =
      request.method === "POST" && request.url === "/orders"
        ? place(request, response)
        : request.method === "GET" && orderId !== undefined
          ? status(orderId, response)
          : Promise.resolve(answer(response, 404, { title: "There is nothing here" }))
    done.catch(() => answer(response, 503, { title: "The order could not be taken" }))
  })
  server.listen(port, "127.0.0.1")

  const end = async (orderId: string, state: string, reason: string | null): Promise<void> => {
    await pool.query({ name: "end", text: END, values: [orderId, state, reason] })
  }
  const cancel = async (order_id: string, reason: string): Promise<void> => {
    await end(order_id, "CANCELLED", reason)
    await send("peer.order.cancelled", { order_id, reason })
  }
  const handlers: Handlers = {
    "peer.inventory.reserved": async ({ order_id }) => {
      await end(order_id, "CONFIRMED", null)
      await send("peer.order.confirmed", { order_id })
    },
    "peer.payment.failed": ({ order_id }) => cancel(order_id, "PAYMENT_FAILED"),
    "peer.inventory.failed": ({ order_id }) => cancel(order_id, "OUT_OF_STOCK"),
    "peer.payment.refunded": async ({ order_id }) => {
      await pool.query({
        name: "refunded",
        text: "INSERT INTO order_history (order_id, state) VALUES ($1, 'REFUNDED') ON CONFLICT DO NOTHING",
        values: [order_id]
      })
    }
  }
  return { handlers, stop: () => new Promise<void>((done) => server.close(() => done())) }
}
