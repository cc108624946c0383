-- The tables of the three services, in one database as FlowForge's are. What an event does twice, a key notices.

CREATE TABLE users (id uuid PRIMARY KEY, name text NOT NULL, email text NOT NULL);

CREATE TABLE items (
  id integer PRIMARY KEY,
  name text NOT NULL,
  price bigint NOT NULL,
  initial integer NOT NULL,
  available integer NOT NULL CHECK (available >= 0)
) WITH (fillfactor = 50);

CREATE TABLE orders (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'CONFIRMED', 'CANCELLED')),
  total_amount bigint NOT NULL,
  payment_method text NOT NULL,
  payment_token text NOT NULL,
  cancel_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX orders_of_user ON orders (user_id, id DESC);

CREATE TABLE order_items (
  order_id uuid NOT NULL REFERENCES orders,
  item_id integer NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  price bigint NOT NULL,
  PRIMARY KEY (order_id, item_id)
);

CREATE TABLE order_history (
  order_id uuid NOT NULL REFERENCES orders,
  state text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (order_id, state)
);

CREATE TABLE payments (
  order_id uuid PRIMARY KEY,
  amount bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('captured', 'declined', 'refunded')),
  txn_id text,
  decline_reason text,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

CREATE TABLE reservations (
  order_id uuid PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('reserved', 'rejected')),
  item_ids integer[] NOT NULL,
  quantities integer[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
