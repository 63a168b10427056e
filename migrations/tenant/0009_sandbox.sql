-- What the sandbox gateway remembers: it plays the provider inside the tenant, so its state outlives a restart.
CREATE TABLE sandbox_methods (
  id uuid PRIMARY KEY,
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  customer text NOT NULL,
  card text NOT NULL,                         -- the test token: what it does
  created_at timestamptz NOT NULL,
  removed_at timestamptz
);

CREATE TABLE sandbox_payments (
  id uuid PRIMARY KEY,
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  key text NOT NULL,                          -- the same key never charges twice
  customer text NOT NULL,
  method_id uuid REFERENCES sandbox_methods (id),
  amount_minor bigint CHECK (amount_minor > 0), -- null: a page that saves a card and charges nothing
  currency text NOT NULL,
  hold boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'confirming', 'held', 'succeeded', 'declined', 'released', 'closed')),
  decline text,                               -- the code of the refusal
  refunded_minor bigint NOT NULL DEFAULT 0,
  session text UNIQUE,                        -- a hosted page's own name
  save boolean NOT NULL DEFAULT false,
  description text NOT NULL,
  success_url text,
  cancel_url text,
  created_at timestamptz NOT NULL,
  UNIQUE (gateway_id, key),
  CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor)
);

CREATE TABLE sandbox_refunds (
  id uuid PRIMARY KEY,
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  key text NOT NULL,
  payment_id uuid NOT NULL REFERENCES sandbox_payments (id),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  created_at timestamptz NOT NULL,
  UNIQUE (gateway_id, key)
);

GRANT SELECT, INSERT, UPDATE ON TABLE sandbox_methods, sandbox_payments TO {role};
GRANT SELECT, INSERT ON TABLE sandbox_refunds TO {role};
