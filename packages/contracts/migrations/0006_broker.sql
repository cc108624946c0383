-- works with code from: 1
-- How the embedded broker reads the outbox. The settings pin the plan to the index in its order: left to itself, a plan
-- made while the outbox was small would sort, or scan, all that lies behind a cursor once it has grown.
-- (The migrator ends a statement at a semicolon that ends a line: within a function none does.)

-- The next rows of every cursor, in order within each; `n` is the cursor's place (from 1) in the arrays. A row is
-- settled when no transaction older than its own is still at work: only then can nothing appear before it any more. A
-- row that is not settled comes without its contents.
CREATE FUNCTION broker_fetch(topics text[], partitions int[], epochs int[], xids text[], ids text[], most int)
RETURNS TABLE (n int, settled boolean, epoch int, xid text, id text, key text, value bytea, headers bytea)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT p.n::int, r.settled, r.epoch, r.xid::text, r.id::text, r.key,
         CASE WHEN r.settled THEN r.value END, CASE WHEN r.settled THEN r.headers END
    FROM unnest(topics, partitions, epochs, xids, ids) WITH ORDINALITY AS p (topic, partition, epoch, xid, id, n)
   CROSS JOIN LATERAL (
     SELECT o.epoch, o.xid, o.id, o.key, o.value, o.headers,
            o.epoch < (SELECT outbox_epoch()) OR o.xid < (SELECT pg_snapshot_xmin(pg_current_snapshot())) AS settled
       FROM outbox o
      WHERE o.topic = p.topic AND o.partition = p.partition
        AND (o.epoch, o.xid, o.id) > (p.epoch, p.xid::xid8, p.id::bigint)
      ORDER BY o.epoch, o.xid, o.id
      LIMIT most
   ) r; END $$;

-- Rows behind each topic's cursors, counted up to a bound for each partition: a long backlog is not worth a long query.
CREATE FUNCTION broker_lag(consumer text, topics text[], counted_to int)
RETURNS TABLE (topic text, lag float8)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT c.topic, sum(behind.count)::float8
    FROM broker_cursors c
   CROSS JOIN LATERAL (
     SELECT count(*) FROM (
       SELECT 1 FROM outbox o
        WHERE o.topic = c.topic AND o.partition = c.partition AND (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id)
        LIMIT counted_to) rows
   ) behind
   WHERE c.consumer_group = consumer AND c.topic = ANY (topics)
   GROUP BY c.topic; END $$;
