-- Hosted pages, money received by hand, refunds and credit that happen once, disputes, voided invoices.
ALTER TABLE payments ADD COLUMN page jsonb;          -- what a hosted page was opened with, to open the same again
ALTER TABLE payments ADD COLUMN reference text;      -- of money received by hand: what the statement of the bank says
ALTER TABLE payments ADD COLUMN request_key text;    -- the same request is the same payment
ALTER TABLE payments ALTER COLUMN gateway_id DROP NOT NULL;
ALTER TABLE payments DROP CONSTRAINT payments_mode_check;
ALTER TABLE payments ADD CONSTRAINT payments_mode_check CHECK (mode IN ('charge', 'hold', 'redirect', 'manual'));
ALTER TABLE payments ADD CONSTRAINT payments_by_hand CHECK ((mode = 'manual') = (gateway_id IS NULL));
CREATE UNIQUE INDEX payments_request ON payments (request_key) WHERE request_key IS NOT NULL;

ALTER TABLE refunds ADD COLUMN request_key text;
ALTER TABLE refunds ADD COLUMN asks integer;
ALTER TABLE refunds ADD COLUMN credit_minor bigint;  -- the part taken from the account's credit: what was paid too much
CREATE UNIQUE INDEX refunds_request ON refunds (request_key) WHERE request_key IS NOT NULL;
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX refunds_invoice ON refunds (invoice_id);

ALTER TABLE credits ADD COLUMN request_key text;
CREATE UNIQUE INDEX credits_request ON credits (request_key) WHERE request_key IS NOT NULL;
ALTER TABLE credits DROP CONSTRAINT credits_kind_check;
ALTER TABLE credits ADD CONSTRAINT credits_kind_check
  CHECK (kind IN ('deposit', 'overpayment', 'refund', 'goodwill', 'applied', 'returned', 'withdrawn'));

-- A voided invoice gives back what was applied to it: a row that takes away, never a changed one.
ALTER TABLE allocations DROP CONSTRAINT allocations_amount_minor_check;
ALTER TABLE allocations ADD CONSTRAINT allocations_amount_minor_check CHECK (amount_minor <> 0);

ALTER TABLE invoices ADD COLUMN voided_at timestamptz;
ALTER TABLE invoices ADD COLUMN void_reason text;

-- A payer's bank takes money back, for a while or for good.
CREATE TABLE disputes (
  id uuid PRIMARY KEY,
  payment_id uuid NOT NULL REFERENCES payments (id),
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  account_id uuid NOT NULL REFERENCES accounts (id),
  provider_ref text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  reason text NOT NULL DEFAULT '',
  status text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
  answer_by timestamptz,
  created_at timestamptz NOT NULL,
  closed_at timestamptz,
  UNIQUE (payment_id, provider_ref)
);
CREATE INDEX disputes_invoice ON disputes (invoice_id);

-- Pages on a gateway's side on which a method is saved.
CREATE TABLE payment_setups (
  id uuid PRIMARY KEY,                               -- also the idempotency key towards the gateway
  account_id uuid NOT NULL REFERENCES accounts (id),
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  status text NOT NULL CHECK (status IN ('open', 'saved', 'ended')),
  session_ref text,
  action_url text,
  success_url text NOT NULL,
  cancel_url text NOT NULL,
  payment_method_id uuid REFERENCES payment_methods (id),
  created_at timestamptz NOT NULL,
  settled_at timestamptz
);
-- A second click lands on the same page.
CREATE UNIQUE INDEX payment_setups_open ON payment_setups (account_id, gateway_id) WHERE status = 'open';
CREATE INDEX payment_setups_session ON payment_setups (gateway_id, session_ref) WHERE session_ref IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON TABLE disputes, payment_setups TO {role};
