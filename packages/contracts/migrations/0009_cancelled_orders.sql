-- works with code from: 1
-- Where hardly any order is cancelled, a list of those alone would walk all the others.
CREATE INDEX orders_cancelled ON orders (id) WHERE status = 'CANCELLED';
