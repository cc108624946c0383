import type { Check, OptionalCheck } from "../check.ts"

export const notificationChecks: ReadonlyArray<Check | OptionalCheck> = [
  {
    invariant: "every order that ended was told so, by the mail of its end and no other",
    violations: `
      SELECT o.id AS subject, o.status || ', ' || coalesce(string_agg(n.kind || ' ' || n.status, ', '), 'nobody told') AS detail, o.trouble
      FROM audit_orders o LEFT JOIN notifications n ON n.order_id = o.id
      WHERE o.status <> 'PENDING' AND o.settled
      GROUP BY o.id, o.status, o.trouble
      HAVING count(*) FILTER (WHERE n.kind = lower(o.status) || '_email' AND n.status <> 'claimed') <> 1
        OR bool_or(n.status = 'claimed') OR bool_or(n.kind NOT LIKE lower(o.status) || '\\_%')`,
    excuses: true
  },
  {
    invariant: "each notification that says sent was sent exactly once",
    needs: "messages",
    violations: `
      SELECT n.notification_id AS subject, n.kind || ' of order ' || n.order_id || ' was sent ' || count(m.id) || ' times' AS detail
      FROM audit_orders o JOIN notifications n ON n.order_id = o.id LEFT JOIN audit_messages m ON m.id = n.notification_id::text
      WHERE n.status = 'sent' AND n.settled_at < (SELECT began_at FROM audit_began)
      GROUP BY n.notification_id, n.kind, n.order_id HAVING count(m.id) <> 1`
  },
  {
    invariant: "nobody was told twice, and no message was sent that no notification accounts for",
    needs: "messages",
    violations: `
      SELECT m.id AS subject, CASE WHEN n.order_id IS NULL THEN 'no notification has this id'
        WHEN n.status = 'failed' THEN 'the notification says failed' ELSE count(*) || ' messages' END AS detail
      FROM audit_messages m LEFT JOIN notifications n ON n.notification_id::text = m.id
      GROUP BY m.id, n.order_id, n.status HAVING count(*) > 1 OR n.order_id IS NULL OR n.status = 'failed'`
  },
  {
    invariant: "every CONFIRMED order has a receipt, no other order has one",
    violations: `
      SELECT o.id AS subject, o.status || CASE WHEN r.order_id IS NULL THEN ' without a receipt' ELSE ' with a receipt' END AS detail,
        CASE o.status WHEN 'CONFIRMED' THEN o.trouble END AS trouble
      FROM audit_orders o LEFT JOIN receipts r ON r.order_id = o.id
      WHERE (o.status = 'CONFIRMED' AND o.settled AND r.order_id IS NULL)
        OR (o.status = 'CANCELLED' AND r.order_id IS NOT NULL)`,
    excuses: true
  }
]
