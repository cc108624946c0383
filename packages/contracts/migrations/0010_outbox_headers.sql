-- works with code from: 1
-- The headers that a row's columns say already are not stored any more: whoever reads the row puts them back, so the
-- embedded broker gets those columns, too. Code that reads without them misses only what people read, not what it needs.

DROP FUNCTION broker_fetch(text[], int[], int[], text[], text[], int);

-- The next rows of every cursor, in order within each; `n` is the cursor's place (from 1) in the arrays. A row is
-- settled when no transaction older than its own is still at work: only then can nothing appear before it any more. A
-- row that is not settled comes without its contents.
CREATE FUNCTION broker_fetch(topics text[], partitions int[], epochs int[], xids text[], ids text[], most int)
RETURNS TABLE (n int, settled boolean, epoch int, xid text, id text, key text, value bytea, headers bytea, source text, event_id uuid)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT p.n::int, r.settled, r.epoch, r.xid::text, r.id::text, r.key,
         CASE WHEN r.settled THEN r.value END, CASE WHEN r.settled THEN r.headers END,
         r.source, r.event_id
    FROM unnest(topics, partitions, epochs, xids, ids) WITH ORDINALITY AS p (topic, partition, epoch, xid, id, n)
   CROSS JOIN LATERAL (
     SELECT o.epoch, o.xid, o.id, o.key, o.value, o.headers, o.source, o.event_id,
            o.epoch < (SELECT outbox_epoch()) OR o.xid < (SELECT pg_snapshot_xmin(pg_current_snapshot())) AS settled
       FROM outbox o
      WHERE o.topic = p.topic AND o.partition = p.partition
        AND (o.epoch, o.xid, o.id) > (p.epoch, p.xid::xid8, p.id::bigint)
      ORDER BY o.epoch, o.xid, o.id
      LIMIT most
   ) r; END $$;
