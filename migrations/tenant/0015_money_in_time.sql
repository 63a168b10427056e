-- A hold is taken in time and in part; what was not delivered is taken off its invoice; orders wait for so long only.
ALTER TABLE payments ADD COLUMN capture_minor bigint;      -- how much of what is held is taken, written down before it is
ALTER TABLE payments ADD COLUMN asked_at timestamptz;      -- when what is held was asked about last
CREATE INDEX payments_held ON payments (held_until) WHERE status = 'held';

ALTER TABLE invoices ADD COLUMN credited_minor bigint;     -- of what is allocated: taken off because it was not delivered

ALTER TABLE orders ADD COLUMN waiting_since timestamptz;   -- when it began to wait for its money again
CREATE INDEX orders_waiting ON orders (created_at) WHERE status = 'pending_payment';

ALTER TABLE sandbox_payments ADD COLUMN taken_minor bigint; -- where less was taken than was held
