-- works with code from: 1
-- Which installation has this database, where its processes are told one: two of them would each do half of the work. A
-- claim counts as long as a process of the installation is connected.

CREATE TABLE installation (
  one         boolean PRIMARY KEY DEFAULT true CHECK (one),
  name        text NOT NULL,
  claimed_at  timestamptz NOT NULL DEFAULT now()
);
