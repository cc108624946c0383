import type { Check, OptionalCheck } from "../check.ts"

export const orderChecks: ReadonlyArray<Check | OptionalCheck> = [
  {
    invariant: "every order that was accepted with 202 exists",
    needs: "accepted",
    violations: `
      SELECT id AS subject, 'was accepted, but there is no such order' AS detail
      FROM audit_accepted a WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id)`
  },
  {
    invariant: "every order comes from one request: one order.created, and the total is the sum of its lines",
    violations: `
      SELECT o.id AS subject, coalesce(created.events, 0) || ' order.created' AS detail
      FROM audit_orders o LEFT JOIN (
        SELECT key, count(DISTINCT event_id) AS events FROM outbox WHERE topic = 'order.created' GROUP BY key
      ) created ON created.key = o.id::text
      WHERE coalesce(created.events, 0) > 1
        OR (created.events IS NULL AND o.created_at > (SELECT min(created_at) FROM outbox))
      UNION ALL
      SELECT o.id, 'total ' || o.total_amount || ', lines ' || coalesce(lines.total, 0)
      FROM audit_orders o LEFT JOIN (
        SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id
      ) lines ON lines.order_id = o.id
      WHERE lines.total IS DISTINCT FROM o.total_amount`
  },
  {
    invariant: "the same Idempotency-Key of a user gives the same order",
    violations: `
      SELECT k.order_id AS subject, 'key ' || k.key || CASE
        WHEN o.id IS NULL THEN ' names an order that does not exist'
        WHEN o.user_id <> k.user_id THEN ' names an order of another user'
        ELSE ' answers with another order' END AS detail
      FROM idempotency_keys k LEFT JOIN orders o ON o.id = k.order_id
      WHERE o.id IS NULL OR o.user_id <> k.user_id OR position(k.order_id::text::bytea IN k.response) = 0`
  },
  {
    invariant: "an order's history is a path in the state graph that ends in its status; a final state never changes",
    violations: `
      WITH paths AS (
        SELECT order_id, array_agg(state ORDER BY at, state = 'PENDING' DESC, state = 'REFUNDED') AS path
        FROM order_history GROUP BY order_id
      )
      SELECT o.id AS subject, o.status || ' by ' || coalesce(array_to_string(path, ', '), 'no history') AS detail
      FROM orders o LEFT JOIN paths ON paths.order_id = o.id
      WHERE CASE o.status
        WHEN 'PENDING' THEN path IS DISTINCT FROM ARRAY['PENDING']
        WHEN 'CONFIRMED' THEN path IS DISTINCT FROM ARRAY['PENDING', 'CONFIRMED']
        ELSE path IS NULL OR (path <> ARRAY['PENDING', 'CANCELLED'] AND path <> ARRAY['PENDING', 'CANCELLED', 'REFUNDED'])
      END`
  },
  {
    invariant: "within a bounded time every order is final, or has a dead letter or a parked event to show for it",
    violations: `
      SELECT id AS subject, 'PENDING since ' || created_at AS detail, trouble FROM audit_orders
      WHERE status = 'PENDING' AND settled`,
    excuses: true
  }
]
