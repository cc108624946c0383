-- works with code from: 1
-- How the relay reads the outbox, with its plan pinned to the index for the same reason as the embedded broker's.

-- The next rows of a source, in order. A row is settled when no transaction older than its own is still at work: only
-- then can nothing appear before it any more.
CREATE FUNCTION outbox_after(of_source text, after_epoch int, after_xid xid8, after_id bigint, most int)
RETURNS TABLE (settled boolean, epoch int, xid xid8, id bigint, topic text, partition int, key text, event_id uuid, value bytea, headers bytea)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT o.epoch < (SELECT outbox_epoch()) OR o.xid < (SELECT pg_snapshot_xmin(pg_current_snapshot())),
         o.epoch, o.xid, o.id, o.topic, o.partition, o.key, o.event_id, o.value, o.headers
    FROM outbox o
   WHERE o.source = of_source AND (o.epoch, o.xid, o.id) > (after_epoch, after_xid, after_id)
   ORDER BY o.epoch, o.xid, o.id
   LIMIT most; END $$;
