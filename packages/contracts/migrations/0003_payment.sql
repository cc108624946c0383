-- works with code from: 1
-- Written by payment. One row for each order; the states and moves are in payment/src/domain.ts.

CREATE TABLE payments (
  order_id uuid PRIMARY KEY,
  user_id uuid,
  amount bigint CHECK (amount >= 0),
  method text,
  token text,
  items jsonb,
  status text NOT NULL CHECK (status IN
    ('pending', 'captured', 'declined', 'voiding', 'void', 'refunding', 'refunded')),
  txn_id text,
  refund_id text,
  decline_reason text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  last_error text,
  traceparent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (status NOT IN ('captured', 'refunding', 'refunded') OR txn_id IS NOT NULL),
  CHECK (status <> 'refunded' OR refund_id IS NOT NULL)
) WITH (fillfactor = 80);
-- The work that is still owed to the gateway: at most a handful of rows at any time.
CREATE INDEX payments_due ON payments (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
-- Captures whose outcome is not known yet: few at any time, none of them old.
CREATE INDEX payments_pending ON payments (created_at) WHERE status = 'pending';
CREATE UNIQUE INDEX payments_refund ON payments (refund_id) WHERE refund_id IS NOT NULL;
