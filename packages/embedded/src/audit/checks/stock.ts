import type { Check } from "../check.ts"

export const stockChecks: ReadonlyArray<Check> = [
  {
    invariant: "initial + adjustments = available + reserved, for each item",
    violations: `
      SELECT i.id AS subject, i.initial || ' + ' || coalesce(a.delta, 0) || ' is not ' || i.available || ' + ' ||
        coalesce(r.quantity, 0) AS detail
      FROM items i
      LEFT JOIN (SELECT item_id, sum(delta) AS delta FROM stock_adjustments GROUP BY item_id) a ON a.item_id = i.id
      LEFT JOIN (
        SELECT line.item_id, sum(line.quantity) AS quantity
        FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
        WHERE status = 'reserved' GROUP BY line.item_id
      ) r ON r.item_id = i.id
      WHERE i.initial + coalesce(a.delta, 0) <> i.available + coalesce(r.quantity, 0)`
  },
  {
    invariant: "no item's stock is below zero",
    violations: `SELECT id AS subject, available || ' available' AS detail FROM items WHERE available < 0`
  },
  {
    invariant: "CONFIRMED means one reservation of exactly the order's lines",
    violations: `
      SELECT o.id AS subject, CASE
        WHEN r.order_id IS NULL THEN 'confirmed without a reservation'
        ELSE 'confirmed, but the reservation is ' || r.status END AS detail
      FROM audit_orders o LEFT JOIN reservations r ON r.order_id = o.id
      WHERE o.status = 'CONFIRMED' AND r.status IS DISTINCT FROM 'reserved'
      UNION ALL
      SELECT order_id, 'ordered ' || coalesce(sum(ordered.quantity), 0) || ', reserved ' || coalesce(sum(reserved.quantity), 0) ||
        ' of item ' || string_agg(item_id::text, ', ')
      FROM (
        SELECT l.order_id, item_id, quantity FROM order_items l JOIN audit_orders o ON o.id = l.order_id
        WHERE o.status = 'CONFIRMED' AND EXISTS (
          SELECT FROM reservations r WHERE r.order_id = o.id AND r.status = 'reserved')
      ) ordered FULL JOIN (
        SELECT r.order_id, line.item_id, line.quantity
        FROM reservations r JOIN audit_orders o ON o.id = r.order_id,
          unnest(r.item_ids, r.quantities) AS line (item_id, quantity)
        WHERE o.status = 'CONFIRMED' AND r.status = 'reserved'
      ) reserved USING (order_id, item_id)
      WHERE ordered.quantity IS DISTINCT FROM reserved.quantity
      GROUP BY order_id`
  },
  {
    invariant: "CANCELLED means no net stock in the end",
    violations: `
      SELECT o.id AS subject, 'cancelled, but still reserved' AS detail, o.trouble
      FROM audit_orders o JOIN reservations r ON r.order_id = o.id
      WHERE o.status = 'CANCELLED' AND r.status = 'reserved' AND o.settled`,
    excuses: true
  },
  {
    invariant: "nothing is reserved for an order that does not exist",
    violations: `
      SELECT order_id AS subject, status || ' for an order that does not exist' AS detail
      FROM reservations r WHERE status = 'reserved' AND NOT EXISTS (SELECT FROM orders o WHERE o.id = r.order_id)`
  }
]
