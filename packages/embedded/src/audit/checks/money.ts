import type { Check } from "../check.ts"

export const moneyChecks: ReadonlyArray<Check> = [
  {
    invariant: "the gateway captured at most once for an order, and exactly its total",
    violations: `
      SELECT c.reference AS subject, CASE
        WHEN o.id IS NULL THEN 'captured for an order that does not exist'
        WHEN c.captures > 1 THEN c.captures || ' captures'
        ELSE 'captured ' || c.amount || ' for a total of ' || o.total_amount END AS detail
      FROM (SELECT reference, count(*) AS captures, max(amount) AS amount FROM audit_captures GROUP BY reference) c
      LEFT JOIN orders o ON o.id::text = c.reference
      WHERE o.id IS NULL OR c.captures > 1 OR c.amount <> o.total_amount`
  },
  {
    invariant: "the gateway refunded at most once, exactly what it had captured",
    violations: `
      SELECT coalesce(c.reference, r.txn_id) AS subject, CASE
        WHEN c.txn_id IS NULL THEN 'refunded without a capture'
        WHEN r.refunds > 1 THEN r.refunds || ' refunds'
        ELSE 'refunded ' || r.amount || ' of ' || c.amount END AS detail
      FROM (SELECT txn_id, count(*) AS refunds, max(amount) AS amount FROM audit_refunds GROUP BY txn_id) r
      LEFT JOIN audit_captures c USING (txn_id)
      WHERE c.txn_id IS NULL OR r.refunds > 1 OR r.amount <> c.amount`
  },
  {
    invariant: "CONFIRMED means one capture and no refund",
    violations: `
      SELECT o.id AS subject,
        CASE WHEN c.txn_id IS NULL THEN 'confirmed without a capture' ELSE 'confirmed, but refunded' END AS detail
      FROM audit_orders o LEFT JOIN audit_captures c ON c.reference = o.id::text LEFT JOIN audit_refunds r USING (txn_id)
      WHERE o.status = 'CONFIRMED' AND (c.txn_id IS NULL OR r.txn_id IS NOT NULL)`
  },
  {
    invariant: "CANCELLED means no net money in the end",
    violations: `
      SELECT o.id AS subject, 'cancelled, captured ' || c.amount || ' and not refunded' AS detail, o.trouble
      FROM audit_orders o JOIN audit_captures c ON c.reference = o.id::text
      WHERE o.status = 'CANCELLED' AND o.settled
        AND NOT EXISTS (SELECT FROM audit_refunds r WHERE r.txn_id = c.txn_id)`,
    excuses: true
  },
  {
    invariant: "the payments agree with the gateway's ledger",
    violations: `
      SELECT p.order_id AS subject, p.status || ' here, at the gateway ' || CASE
        WHEN c.txn_id IS NULL THEN 'nothing captured'
        WHEN r.txn_id IS NULL THEN 'captured ' || c.amount || ' as ' || c.txn_id
        ELSE 'refunded as ' || r.refund_id END AS detail
      FROM payments p JOIN audit_orders o ON o.id = p.order_id
      LEFT JOIN audit_captures c ON c.reference = p.order_id::text
      LEFT JOIN audit_refunds r ON r.txn_id = c.txn_id
      WHERE o.settled AND CASE p.status
        WHEN 'captured' THEN (c.txn_id, c.amount) IS DISTINCT FROM (p.txn_id, p.amount) OR r.txn_id IS NOT NULL
        WHEN 'refunding' THEN c.txn_id IS DISTINCT FROM p.txn_id
        WHEN 'refunded' THEN (c.txn_id, r.refund_id) IS DISTINCT FROM (p.txn_id, p.refund_id)
        WHEN 'void' THEN c.txn_id IS NOT NULL AND r.txn_id IS NULL
        WHEN 'declined' THEN c.txn_id IS NOT NULL
        ELSE false END
      UNION ALL
      SELECT o.id, 'captured at the gateway, no payment here'
      FROM audit_orders o JOIN audit_captures c ON c.reference = o.id::text
      WHERE o.settled AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.id)`
  }
]
