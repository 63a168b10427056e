-- Documents, payments and the ledger.
CREATE TABLE series (
  name text PRIMARY KEY,                      -- 'invoice', 'account', 'order'
  next bigint NOT NULL
);

CREATE TABLE invoices (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id),
  order_id uuid REFERENCES orders (id),
  number text UNIQUE,                         -- gapless, given at issue
  status text NOT NULL CHECK (status IN ('draft', 'issued', 'void')),
  payment_status text NOT NULL CHECK (payment_status IN
    ('unpaid', 'processing', 'partly_paid', 'paid', 'refunded', 'partly_refunded', 'disputed')),
  collection_status text NOT NULL DEFAULT 'none' CHECK (collection_status IN ('none', 'overdue', 'promised', 'written_off')),
  currency text NOT NULL,
  subtotal_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  allocated_minor bigint NOT NULL DEFAULT 0 CHECK (allocated_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
  issued_on date,
  due_on date,
  issued_at timestamptz,
  paid_at timestamptz,
  next_try_on date,                           -- when the failed charge is tried again
  tries integer NOT NULL DEFAULT 0,
  seller jsonb,                               -- frozen at issue
  buyer jsonb,
  tax_note text,
  calc_version smallint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CHECK (total_minor = subtotal_minor + tax_minor),
  CHECK (allocated_minor <= total_minor),
  CHECK (refunded_minor <= allocated_minor),
  CHECK ((status = 'draft') = (number IS NULL))
);
CREATE INDEX invoices_account ON invoices (account_id, created_at);
CREATE INDEX invoices_created ON invoices (created_at, id);
CREATE INDEX invoices_order ON invoices (order_id);
CREATE INDEX invoices_issued ON invoices (issued_on);
CREATE INDEX invoices_open ON invoices (due_on) WHERE status = 'issued' AND payment_status IN ('unpaid', 'partly_paid', 'processing');

CREATE TABLE invoice_lines (
  id uuid PRIMARY KEY,
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  position integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('recurring', 'stub', 'setup', 'once', 'manual')),
  subscription_id uuid REFERENCES subscriptions (id),
  description text NOT NULL,
  detail text NOT NULL DEFAULT '',
  period_from date,
  period_to date,
  quantity bigint NOT NULL,
  unit_minor bigint NOT NULL,
  amount_minor bigint NOT NULL,
  tax_rate text NOT NULL DEFAULT '0',
  tax_minor bigint NOT NULL DEFAULT 0,
  explain jsonb NOT NULL
);
CREATE INDEX invoice_lines_invoice ON invoice_lines (invoice_id, position);
-- A second run inserts nothing: one line per subscription, kind and period start.
CREATE UNIQUE INDEX invoice_lines_once ON invoice_lines (subscription_id, kind, period_from) WHERE subscription_id IS NOT NULL;

CREATE TABLE documents (
  invoice_id uuid PRIMARY KEY REFERENCES invoices (id),
  sha256 bytea NOT NULL,
  pdf bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE payments (
  id uuid PRIMARY KEY,                        -- also the idempotency key towards the gateway
  account_id uuid NOT NULL REFERENCES accounts (id),
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  payment_method_id uuid REFERENCES payment_methods (id),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('charge', 'hold', 'redirect')),
  status text NOT NULL CHECK (status IN
    ('created', 'requires_action', 'processing', 'unknown', 'held', 'succeeded', 'failed', 'cancelled')),
  provider_ref text,
  session_ref text,                           -- the hosted page's own id, where one was used
  action_url text,
  save_method boolean NOT NULL DEFAULT false,
  failure_class text,                         -- retry, new_card, action
  failure_code text,
  failure_message text,
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor),
  fee_minor bigint,
  asks integer NOT NULL DEFAULT 0,            -- how often an unknown outcome was asked about
  held_until timestamptz,
  created_at timestamptz NOT NULL,
  settled_at timestamptz
);
-- At most one attempt in flight per invoice.
CREATE UNIQUE INDEX payments_in_flight ON payments (invoice_id)
  WHERE status IN ('created', 'requires_action', 'processing', 'unknown', 'held');
CREATE UNIQUE INDEX payments_provider ON payments (gateway_id, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX payments_session ON payments (gateway_id, session_ref) WHERE session_ref IS NOT NULL;
CREATE INDEX payments_invoice ON payments (invoice_id, created_at);
CREATE INDEX payments_created ON payments (created_at, id);
CREATE INDEX payments_account ON payments (account_id, created_at);

-- What paid what: money received or credit, applied to an invoice.
CREATE TABLE allocations (
  id uuid PRIMARY KEY,
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  payment_id uuid UNIQUE REFERENCES payments (id),   -- null: from credit
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  at timestamptz NOT NULL
);
CREATE INDEX allocations_invoice ON allocations (invoice_id);

CREATE TABLE refunds (
  id uuid PRIMARY KEY,                        -- also the idempotency key towards the gateway
  payment_id uuid NOT NULL REFERENCES payments (id),
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  account_id uuid NOT NULL REFERENCES accounts (id),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  destination text NOT NULL CHECK (destination IN ('source', 'credit')),
  status text NOT NULL CHECK (status IN ('created', 'processing', 'unknown', 'succeeded', 'failed')),
  provider_ref text,
  reason text NOT NULL DEFAULT '',
  failure_message text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  settled_at timestamptz
);
CREATE UNIQUE INDEX refunds_provider ON refunds (payment_id, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX refunds_created ON refunds (created_at, id);

CREATE TABLE credits (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id),
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),   -- + we owe more, - used
  kind text NOT NULL CHECK (kind IN ('deposit', 'overpayment', 'refund', 'goodwill', 'applied', 'withdrawn')),
  invoice_id uuid REFERENCES invoices (id),
  payment_id uuid REFERENCES payments (id),
  reason text NOT NULL DEFAULT '',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX credits_account ON credits (account_id, created_at);
CREATE INDEX credits_created ON credits (created_at, id);

-- Provider events: stored once, answered at once, applied later.
CREATE TABLE inbox (
  id uuid PRIMARY KEY,
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  event_id text NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL,
  applied_at timestamptz,
  note text,
  UNIQUE (gateway_id, event_id)
);

CREATE TABLE ledger_accounts (
  id uuid PRIMARY KEY,
  code text NOT NULL,                         -- receivable, credit, revenue:vps, tax:DE, clearing:gtw_.., fees, ...
  currency text NOT NULL,
  account_id uuid REFERENCES accounts (id),
  normal text NOT NULL CHECK (normal IN ('debit', 'credit'))
);
CREATE UNIQUE INDEX ledger_accounts_key ON ledger_accounts
  (code, currency, coalesce(account_id, '00000000-0000-0000-0000-000000000000'));

CREATE TABLE ledger_transactions (
  id uuid PRIMARY KEY,
  key text NOT NULL UNIQUE,                   -- what happened, once
  kind text NOT NULL,
  source_id text NOT NULL,
  effective_on date NOT NULL,
  posted_at timestamptz NOT NULL,
  reverses uuid REFERENCES ledger_transactions (id)
);

CREATE TABLE ledger_entries (
  transaction_id uuid NOT NULL REFERENCES ledger_transactions (id),
  position smallint NOT NULL,
  ledger_account_id uuid NOT NULL REFERENCES ledger_accounts (id),
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),   -- debit positive, credit negative
  PRIMARY KEY (transaction_id, position)
);
CREATE INDEX ledger_entries_account ON ledger_entries (ledger_account_id);

-- Trigger with a reason: an unbalanced transaction must not commit, whoever wrote it.
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_entries e WHERE e.transaction_id = NEW.transaction_id
             GROUP BY e.currency HAVING sum(e.amount_minor) <> 0) THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id
      USING ERRCODE = '23514', CONSTRAINT = 'ledger_balanced';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();

CREATE TABLE billing_runs (
  id uuid PRIMARY KEY,
  on_date date NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
  started_by text NOT NULL,
  accounts integer NOT NULL DEFAULT 0,
  invoices integer NOT NULL DEFAULT 0,
  parked integer NOT NULL DEFAULT 0,
  totals jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX billing_runs_started ON billing_runs (started_at, id);

-- Reminders, suspensions: each step of collecting an invoice happens once.
CREATE TABLE collection_steps (
  invoice_id uuid NOT NULL REFERENCES invoices (id),
  step text NOT NULL,
  done_at timestamptz NOT NULL,
  PRIMARY KEY (invoice_id, step)
);

GRANT SELECT, INSERT, UPDATE ON TABLE series, invoices, payments, refunds, inbox, billing_runs TO {role};
GRANT SELECT, INSERT, DELETE ON TABLE invoice_lines TO {role};
GRANT SELECT, INSERT ON TABLE documents, allocations, credits, ledger_accounts, ledger_transactions, ledger_entries,
  collection_steps TO {role};
