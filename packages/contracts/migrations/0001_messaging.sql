-- works with code from: 1
-- Written by messaging only, inside the caller's transaction.

-- One row for each system_identifier this database has had: xids start again after a restore or a major upgrade,
-- so the epoch comes first in the order of the outbox.
CREATE TABLE outbox_epochs (
  epoch integer PRIMARY KEY,
  system_identifier text NOT NULL UNIQUE,
  started_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO outbox_epochs (epoch, system_identifier)
SELECT 1, system_identifier::text FROM pg_control_system();

CREATE FUNCTION outbox_epoch() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT max(epoch) FROM outbox_epochs $$;

-- Append-only; the order is (epoch, xid, id), never id alone: an id taken later can commit earlier.
CREATE TABLE outbox (
  created_at timestamptz NOT NULL DEFAULT now(),
  epoch integer NOT NULL DEFAULT outbox_epoch(),
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  source text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  key text NOT NULL,
  event_id uuid NOT NULL,
  value bytea NOT NULL,
  headers bytea NOT NULL
) PARTITION BY RANGE (created_at);
CREATE INDEX outbox_by_topic ON outbox (topic, partition, epoch, xid, id);
CREATE INDEX outbox_by_source ON outbox (source, epoch, xid, id);
CREATE INDEX outbox_by_key ON outbox (key);

-- Where each service's relay has got to.
CREATE TABLE relay_cursors (
  source text PRIMARY KEY,
  epoch integer NOT NULL DEFAULT 0,
  xid xid8 NOT NULL DEFAULT '0',
  id bigint NOT NULL DEFAULT 0,
  cluster_id text,
  moved_at timestamptz NOT NULL DEFAULT now()
);

-- Outbox rows that the broker refuses for good.
CREATE TABLE quarantined_messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  event_id uuid NOT NULL,
  value bytea NOT NULL,
  headers bytea NOT NULL,
  error text NOT NULL,
  quarantined_at timestamptz NOT NULL DEFAULT now()
);

-- The embedded broker: one cursor per (group, topic, partition), held by one member at a time.
-- Whoever takes a cursor over raises its epoch, so that the one before acknowledges nothing any more.
CREATE TABLE broker_cursors (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  xid xid8 NOT NULL DEFAULT '0',
  id bigint NOT NULL DEFAULT 0,
  owner uuid,
  lease_epoch bigint NOT NULL DEFAULT 0,
  moved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, topic, partition)
);
CREATE TABLE broker_members (
  consumer_group text NOT NULL,
  member uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (consumer_group, member)
);

-- The only truth about what a group has made of an event.
CREATE TABLE processed_events (
  consumer_group text NOT NULL,
  event_id uuid NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('done', 'parked', 'dead', 'discarded')),
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, event_id)
) PARTITION BY RANGE (event_id);

-- A key that is held back for a group: later events of the same key and topic wait behind the first.
-- Appending behind it and working it both lock this row. `lease` names the worker that has it until next_attempt_at.
CREATE TABLE parked_keys (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  lease uuid,
  PRIMARY KEY (consumer_group, topic, key)
);
CREATE INDEX parked_keys_due ON parked_keys (consumer_group, next_attempt_at);
CREATE TABLE parked_events (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  position bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid NOT NULL,
  partition integer NOT NULL,
  broker_offset text NOT NULL,
  value bytea NOT NULL,
  headers bytea NOT NULL,
  attempts integer NOT NULL,
  error text,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, topic, key, position),
  FOREIGN KEY (consumer_group, topic, key) REFERENCES parked_keys
);
CREATE INDEX parked_events_by_key ON parked_events (key);

CREATE TABLE dead_letters (
  id uuid PRIMARY KEY,
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  broker_offset text NOT NULL,
  key text,
  event_id uuid,
  value bytea,
  headers bytea NOT NULL,
  error_kind text NOT NULL,
  error text NOT NULL,
  attempts integer NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
  died_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  resolution text
);
-- What cannot be decoded has no event id: its place is its identity.
CREATE UNIQUE INDEX dead_letters_by_place ON dead_letters (consumer_group, topic, partition, broker_offset)
  WHERE event_id IS NULL;
CREATE INDEX dead_letters_by_key ON dead_letters (key) WHERE state = 'open';
CREATE INDEX dead_letters_open ON dead_letters (died_at) WHERE state = 'open';
