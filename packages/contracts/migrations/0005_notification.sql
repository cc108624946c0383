-- works with code from: 1
-- Written by notification. Read by order: receipts (whether there is one).

CREATE TABLE receipts (
  order_id uuid PRIMARY KEY,
  object_key text NOT NULL,
  sha256 bytea NOT NULL,
  pdf_object_key text,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each (order, kind): claimed before the call, settled with the delivery record.
-- 'unknown' is final: the call was made and nobody can know whether it arrived.
CREATE TABLE notifications (
  order_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN
    ('confirmed_email', 'confirmed_sms', 'cancelled_email', 'cancelled_sms')),
  notification_id uuid NOT NULL UNIQUE,
  recipient text NOT NULL,
  status text NOT NULL CHECK (status IN ('claimed', 'sent', 'failed', 'unknown')),
  error text,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  PRIMARY KEY (order_id, kind)
);
CREATE INDEX notifications_unsettled ON notifications (claimed_at) WHERE status = 'claimed';
