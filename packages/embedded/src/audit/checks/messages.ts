import type { Check, OptionalCheck } from "../check.ts"

/** Who reads what: an event nobody has a delivery record of, though somebody should, was lost on its way. */
const subscriptions = `(VALUES
  ('payment', 'order.created'), ('payment', 'order.cancelled'),
  ('inventory', 'payment.succeeded'), ('inventory', 'order.cancelled'),
  ('order', 'payment.failed'), ('order', 'payment.refunded'), ('order', 'inventory.reserved'), ('order', 'inventory.failed'),
  ('notification', 'order.confirmed'), ('notification', 'order.cancelled')
) AS s (consumer_group, topic)`

export const messageChecks: ReadonlyArray<Check | OptionalCheck> = [
  {
    invariant: "every outbox row is published: every group that reads its topic is past it",
    violations: `
      SELECT event_id AS subject, o.topic || ' of ' || o.key || ' is still ahead of ' || consumer_group AS detail
      FROM outbox o JOIN broker_cursors c USING (topic, partition)
      WHERE (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id) AND o.created_at < (SELECT settled_before FROM audit_began)
      UNION ALL
      SELECT event_id, o.topic || ' of ' || o.key || ' is still ahead of the relay of ' || source
      FROM outbox o JOIN relay_cursors c USING (source)
      WHERE (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id) AND o.created_at < (SELECT settled_before FROM audit_began)
      UNION ALL
      SELECT event_id, topic || ' of ' || key || ' was refused by the broker: ' || error FROM quarantined_messages`
  },
  {
    // What cannot be decoded has no delivery record: its dead letter is found by its place.
    invariant: "no event is lost: every group that should hear of it has a delivery record or a dead letter of it",
    violations: `
      SELECT o.event_id AS subject, o.topic || ' of ' || o.key || ' never came to ' || s.consumer_group AS detail
      FROM outbox o JOIN ${subscriptions} ON s.topic = o.topic
      LEFT JOIN processed_events p ON p.consumer_group = s.consumer_group AND p.event_id = o.event_id
      WHERE p.event_id IS NULL AND o.created_at < (SELECT settled_before FROM audit_began) AND NOT EXISTS (
        SELECT FROM dead_letters d WHERE d.event_id IS NULL AND d.consumer_group = s.consumer_group
          AND (d.topic, d.partition) = (o.topic, o.partition)
          AND d.broker_offset = o.epoch || '/' || o.xid::text || '/' || o.id)`
  },
  {
    // Replaying a dead letter puts it behind others on purpose.
    invariant: "each group handled the events of an order in a topic in their order",
    violations: `
      WITH several AS (SELECT topic, key FROM outbox GROUP BY topic, key HAVING count(*) > 1),
      first_seen AS (
        SELECT DISTINCT ON (o.event_id) o.event_id, o.topic, o.key, o.epoch, o.xid, o.id
        FROM outbox o JOIN several USING (topic, key) ORDER BY o.event_id, o.epoch, o.xid, o.id
      ),
      handled AS (
        SELECT f.*, p.consumer_group, p.processed_at, max(p.processed_at) OVER (
          PARTITION BY p.consumer_group, f.topic, f.key ORDER BY f.epoch, f.xid, f.id
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM first_seen f JOIN processed_events p USING (event_id)
        WHERE NOT EXISTS (
          SELECT FROM dead_letters d WHERE d.consumer_group = p.consumer_group AND d.event_id = p.event_id)
      )
      SELECT event_id AS subject, topic || ' of ' || key || ' was handled by ' || consumer_group || ' before an earlier one' AS detail
      FROM handled WHERE processed_at < before`
  },
  {
    invariant: "an event is parked or dead if and only if its delivery record says so",
    violations: `
      SELECT p.event_id AS subject, p.consumer_group || ' says ' || p.outcome || ', but there is no such row' AS detail
      FROM processed_events p
      WHERE (p.outcome = 'parked' AND NOT EXISTS (
          SELECT FROM parked_events e WHERE e.consumer_group = p.consumer_group AND e.event_id = p.event_id))
        OR (p.outcome = 'dead' AND NOT EXISTS (
          SELECT FROM dead_letters d WHERE d.consumer_group = p.consumer_group AND d.event_id = p.event_id AND d.state = 'open'))
      UNION ALL
      SELECT e.event_id, e.consumer_group || ' has it parked, its record says ' || coalesce(p.outcome, 'nothing')
      FROM parked_events e LEFT JOIN processed_events p USING (consumer_group, event_id)
      WHERE p.outcome IS DISTINCT FROM 'parked'`
  },
  {
    invariant: "there are as many open dead letters as poison was injected",
    needs: "expectedDeadLetters",
    violations: `
      SELECT 'dead letters' AS subject, open || ' open, expected ' || expected_dead_letters AS detail
      FROM audit_began, (SELECT count(*) AS open FROM dead_letters WHERE state = 'open') d
      WHERE open <> expected_dead_letters`
  }
]
