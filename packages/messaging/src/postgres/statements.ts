/** Every statement of the embedded broker. `$1` is the group and `$2` the member, wherever there is one. */

/** Rows of one cursor, `n` being its place (from 1) in the arrays that were sent. */
export interface FetchedRow {
  readonly n: number
  readonly settled: boolean
  readonly epoch: number
  readonly xid: string
  readonly id: string
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Uint8Array
  readonly source: string
  readonly event_id: string
}

/**
 * The next rows of every cursor in one round trip, in order within each. The first row that is not settled tells that
 * there is more to come soon, and comes without its contents: nothing may be taken from there on.
 */
export const FETCH = `SELECT * FROM broker_fetch($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6)`

/** Makes the cursors of a group where they are missing, at the beginning of the outbox. */
export const CREATE_CURSORS = `
INSERT INTO broker_cursors (consumer_group, topic, partition)
SELECT $1, topic, partition FROM unnest($2::text[], $3::int[]) AS t (topic, partition)
ON CONFLICT DO NOTHING`

/** A cursor that the member owns; `wanted` is false for one that others should have. */
export interface OwnedRow {
  readonly topic: string
  readonly partition: number
  readonly lease_epoch: string
  readonly epoch: number
  readonly xid: string
  readonly id: string
  readonly wanted: boolean
}

/**
 * Prolongs the lease of the member ($3 milliseconds), buries the members whose lease is over, and takes the cursors
 * that are its share and nobody's. The share is computed by every member alike: cursors in order, dealt out in turn to
 * the members in order. What is its share but another's is left until that one lets go of it. A cursor that somebody
 * else took since this statement began is left, too: its new owner may be one that this statement does not see yet.
 */
export const BEAT = `
WITH soon AS (SELECT set_config('synchronous_commit', 'off', true)),
beat AS (
  INSERT INTO broker_members (consumer_group, member, expires_at)
  SELECT $1, $2::uuid, clock_timestamp() + $3 * interval '1 millisecond' FROM soon
  ON CONFLICT (consumer_group, member) DO UPDATE SET expires_at = excluded.expires_at
),
gone AS (
  DELETE FROM broker_members WHERE (consumer_group, member) IN (
    SELECT consumer_group, member FROM broker_members
     WHERE consumer_group = $1 AND member <> $2::uuid AND expires_at < clock_timestamp()
       FOR UPDATE SKIP LOCKED)
),
live AS MATERIALIZED (
  SELECT member, row_number() OVER (ORDER BY member) - 1 AS rank, count(*) OVER () AS members
    FROM (SELECT member FROM broker_members WHERE consumer_group = $1 AND expires_at >= clock_timestamp()
          UNION SELECT $2::uuid) m
),
cursors AS MATERIALIZED (
  SELECT topic, partition, owner, lease_epoch,
         (row_number() OVER (ORDER BY topic, partition) - 1) % me.members = me.rank AS wanted
    FROM broker_cursors, (SELECT * FROM live WHERE member = $2::uuid) me
   WHERE consumer_group = $1 AND topic = ANY ($4::text[])
),
taken AS (
  UPDATE broker_cursors c SET owner = $2::uuid, lease_epoch = c.lease_epoch + 1
    FROM cursors w
   WHERE w.wanted AND c.consumer_group = $1 AND c.topic = w.topic AND c.partition = w.partition
     AND (w.owner IS NULL OR w.owner NOT IN (SELECT member FROM live))
     AND c.lease_epoch = w.lease_epoch AND c.owner IS NOT DISTINCT FROM w.owner
  RETURNING c.topic, c.partition, c.lease_epoch, c.epoch, c.xid, c.id
)
SELECT topic, partition, lease_epoch::text AS lease_epoch, epoch, xid::text AS xid, id::text AS id, true AS wanted
  FROM taken
UNION ALL
SELECT c.topic, c.partition, c.lease_epoch::text, c.epoch, c.xid::text, c.id::text, w.wanted
  FROM broker_cursors c JOIN cursors w USING (topic, partition)
 WHERE c.consumer_group = $1 AND c.owner = $2::uuid`

/**
 * Moves cursors on, of which the member holds the lease, and lets go of some; answers which were still its own. It need
 * not survive a crash of PostgreSQL at once: a cursor that is lost delivers again, never too little.
 */
export const ACKNOWLEDGE = `
UPDATE broker_cursors c
   SET epoch = a.epoch, xid = a.xid::xid8, id = a.id::bigint, moved_at = now(),
       owner = CASE WHEN a.release THEN NULL ELSE c.owner END
  FROM (SELECT set_config('synchronous_commit', 'off', true)) soon,
       unnest($3::text[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::bool[])
         AS a (topic, partition, lease_epoch, epoch, xid, id, release)
 WHERE c.consumer_group = $1 AND c.owner = $2::uuid
   AND c.topic = a.topic AND c.partition = a.partition AND c.lease_epoch = a.lease_epoch::bigint
RETURNING c.topic, c.partition`

/** Leaves the group, and everything that the member still owns to the others. */
export const LEAVE = `
WITH left_behind AS (UPDATE broker_cursors SET owner = NULL WHERE consumer_group = $1 AND owner = $2::uuid)
DELETE FROM broker_members WHERE consumer_group = $1 AND member = $2::uuid`

/** Rows behind each topic's cursors, counted up to $3 for each partition. */
export const LAG = `SELECT * FROM broker_lag($1, $2::text[], $3)`

/** Members that answer. */
export const MEMBERS = `
SELECT count(*)::int AS members FROM broker_members WHERE consumer_group = $1 AND expires_at >= clock_timestamp()`

/** The age of the oldest row behind any of the group's cursors: milliseconds. */
export const WAITING = `
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - behind.created_at)) * 1000, 0)::float8 AS waiting
  FROM broker_cursors c
 CROSS JOIN LATERAL (
   SELECT o.created_at FROM outbox o
    WHERE o.topic = c.topic AND o.partition = c.partition AND (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id)
    ORDER BY o.epoch, o.xid, o.id LIMIT 1) behind
 WHERE c.consumer_group = $1 AND c.topic = ANY ($2::text[])`

/** The source of what is published for somebody else. */
export const BROKER_SOURCE = "broker"

export const PUBLISH = `
INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
SELECT '${BROKER_SOURCE}', * FROM unnest($1::text[], $2::int[], $3::text[], $4::uuid[], $5::bytea[], $6::bytea[])`

export const CLUSTER_ID = `SELECT system_identifier::text AS id FROM pg_control_system()`
