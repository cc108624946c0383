import type { Pool } from "pg"
import type { Handlers, Send } from "./messaging.ts"

/** All of an order or nothing of it, decided once, in one statement; items are locked in the order of their ids. */
const RESERVE = `
  WITH wanted AS (SELECT * FROM unnest($2::int[], $3::int[]) AS line (item_id, quantity)),
  locked AS (
    SELECT i.id, i.available, w.quantity FROM items i JOIN wanted w ON w.item_id = i.id ORDER BY i.id FOR UPDATE OF i
  ),
  short AS (
    SELECT w.item_id FROM wanted w LEFT JOIN locked l ON l.id = w.item_id WHERE coalesce(l.available, 0) < w.quantity
  ),
  decided AS (
    INSERT INTO reservations (order_id, status, item_ids, quantities)
    SELECT $1::uuid, CASE WHEN EXISTS (SELECT FROM short) THEN 'rejected' ELSE 'reserved' END, $2::int[], $3::int[]
    ON CONFLICT DO NOTHING RETURNING status
  ),
  taken AS (
    UPDATE items i SET available = i.available - w.quantity FROM wanted w, decided d
    WHERE i.id = w.item_id AND d.status = 'reserved'
  )
  SELECT coalesce((SELECT status FROM decided), (SELECT status FROM reservations WHERE order_id = $1)) AS status,
    ARRAY(SELECT item_id FROM short) AS failed_items`

/** Sets aside what was paid. */
export const reservations = (pool: Pool, send: Send): Handlers => ({
  "peer.payment.succeeded": async ({ items, order_id }) => {
    const { rows } = await pool.query<{ status: string; failed_items: ReadonlyArray<number> }>({
      name: "reserve",
      text: RESERVE,
      values: [order_id, items.map(({ item_id }) => item_id), items.map(({ quantity }) => quantity)]
    })
    const { failed_items, status } = rows[0]!
    if (status === "reserved") await send("peer.inventory.reserved", { order_id })
    else await send("peer.inventory.failed", { order_id, failed_items })
  }
})
