-- What an API token may spend and has spent, where it was used from, and who ended it; what is purged has its index.
ALTER TABLE api_tokens ADD COLUMN spending_currency text;    -- null with a limit: the tenant's own
ALTER TABLE api_tokens ADD COLUMN last_used_ip text;
ALTER TABLE api_tokens ADD COLUMN revoked_by text;
ALTER TABLE api_tokens ADD COLUMN request_key text;         -- the same request is the same token
CREATE UNIQUE INDEX api_tokens_request ON api_tokens (request_key);
CREATE INDEX api_tokens_created ON api_tokens (created_at, id);
CREATE INDEX api_tokens_account ON api_tokens (account_id) WHERE account_id IS NOT NULL;
CREATE TABLE token_spendings (
  id uuid PRIMARY KEY,
  token_id uuid NOT NULL REFERENCES api_tokens (id) ON DELETE CASCADE,
  month date NOT NULL,                        -- its first day, in the tenant's billing zone
  subject text NOT NULL,                      -- what was bought or paid
  order_id uuid REFERENCES orders (id),       -- a cancelled order is not spent
  payment_id uuid REFERENCES payments (id),   -- nor is a payment that failed
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  currency text NOT NULL,
  at timestamptz NOT NULL,
  UNIQUE (token_id, subject)
);
CREATE INDEX token_spendings_month ON token_spendings (token_id, month);
CREATE INDEX token_spendings_at ON token_spendings (at);
CREATE INDEX user_tokens_expiry ON user_tokens (expires_at);
CREATE INDEX sign_ins_at ON sign_ins (at);
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE token_spendings TO {role};
