-- works with code from: 1
-- Written by inventory. Read by order and notification: items (name, price).

CREATE TABLE items (
  id integer PRIMARY KEY CHECK (id > 0),
  name text NOT NULL,
  price bigint NOT NULL CHECK (price >= 0),
  initial integer NOT NULL CHECK (initial >= 0),
  available integer NOT NULL CHECK (available >= 0),
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- One row for each order, also as a tombstone: 'released' before a reservation came means none will ever be made.
CREATE TABLE reservations (
  order_id uuid PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('reserved', 'rejected', 'released')),
  item_ids integer[] NOT NULL DEFAULT '{}',
  quantities integer[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (cardinality(item_ids) = cardinality(quantities))
);

CREATE TABLE stock_adjustments (
  id uuid PRIMARY KEY,
  item_id integer NOT NULL REFERENCES items,
  delta integer NOT NULL CHECK (delta <> 0),
  reason text NOT NULL,
  adjusted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stock_adjustments_of_item ON stock_adjustments (item_id);
