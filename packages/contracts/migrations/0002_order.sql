-- works with code from: 1
-- Written by order. Read by notification: users, orders, order_items.

CREATE TABLE users (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  phone text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'CONFIRMED', 'CANCELLED')),
  total_amount bigint NOT NULL CHECK (total_amount >= 0),
  payment_method text NOT NULL,
  payment_token text NOT NULL,
  cancel_reason text CHECK (cancel_reason IN ('PAYMENT_FAILED', 'OUT_OF_STOCK', 'CUSTOMER')),
  failed_items jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL))
) WITH (fillfactor = 80);
-- Ids are UUID v7, so their order is the order of arrival.
CREATE INDEX orders_of_user ON orders (user_id, id DESC);
CREATE INDEX orders_pending ON orders (id) WHERE status = 'PENDING';

CREATE TABLE order_items (
  order_id uuid NOT NULL REFERENCES orders,
  item_id integer NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  price bigint NOT NULL CHECK (price >= 0),
  PRIMARY KEY (order_id, item_id)
);

-- A path in the state graph: PENDING, then CONFIRMED or CANCELLED, after CANCELLED possibly REFUNDED.
CREATE TABLE order_history (
  order_id uuid NOT NULL REFERENCES orders,
  state text NOT NULL CHECK (state IN ('PENDING', 'CONFIRMED', 'CANCELLED', 'REFUNDED')),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  cause text NOT NULL,
  event_id uuid,
  PRIMARY KEY (order_id, state)
);

CREATE TABLE idempotency_keys (
  user_id uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  order_id uuid NOT NULL,
  response bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
