-- works with code from: 1
-- After the broker has lost its data, offsets begin at 0 again: a place says what is the same record only within a cluster.
ALTER TABLE dead_letters ADD COLUMN cluster_id text NOT NULL DEFAULT '';
DROP INDEX dead_letters_by_place;
CREATE UNIQUE INDEX dead_letters_by_place ON dead_letters (consumer_group, cluster_id, topic, partition, broker_offset)
  WHERE event_id IS NULL;
