-- Who a tenant knows: users, accounts and their members, staff, sessions, and what they did.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_norm text NOT NULL UNIQUE,
  name text NOT NULL,
  password_hash text,
  locale text NOT NULL DEFAULT 'en',
  timezone text,
  theme text NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
  verified_at timestamptz,
  disabled_at timestamptz,
  session_epoch integer NOT NULL DEFAULT 0,   -- raised by a password change: older sessions end
  created_at timestamptz NOT NULL
);

CREATE TABLE user_tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('verify_email', 'reset_password', 'ticket')),
  token_hash bytea NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX user_tokens_user ON user_tokens (user_id);

CREATE TABLE sessions (
  id text PRIMARY KEY,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  data bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE sign_ins (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  email_norm text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'wrong', 'throttled', 'disabled')),
  ip text,
  user_agent text,
  at timestamptz NOT NULL
);
CREATE INDEX sign_ins_email ON sign_ins (email_norm, at);
CREATE INDEX sign_ins_ip ON sign_ins (ip, at);
CREATE INDEX sign_ins_user ON sign_ins (user_id, at);

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  name text NOT NULL,
  company text,
  email text NOT NULL,
  phone text,
  address1 text, address2 text, city text, region text, postcode text,
  country text NOT NULL,
  vat_id text,
  currency text NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
  auto_pay boolean NOT NULL DEFAULT true,
  notes text NOT NULL DEFAULT '',
  next_bill_on date,                          -- earliest day anything of this account falls due
  child_tenant_id uuid UNIQUE,                -- set when this account is a reseller of ours
  credit_minor bigint NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
  parked_reason text,                         -- the billing day leaves a parked account alone
  created_at timestamptz NOT NULL
);
CREATE INDEX accounts_due ON accounts (next_bill_on) WHERE next_bill_on IS NOT NULL;
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE INDEX accounts_email ON accounts (lower(email));

CREATE TABLE members (
  account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  owner boolean NOT NULL DEFAULT false,
  permissions text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
CREATE UNIQUE INDEX members_one_owner ON members (account_id) WHERE owner;

CREATE TABLE roles (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  permissions text[] NOT NULL
);

CREATE TABLE staff (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  role_id uuid REFERENCES roles (id),
  permissions text[] NOT NULL DEFAULT '{}',   -- besides the role's; '*' is every permission
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL
);

CREATE TABLE api_tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  account_id uuid REFERENCES accounts (id) ON DELETE CASCADE,  -- set: a member's token
  name text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  scopes text[],                              -- null: all that the user may do
  ip_list text[] NOT NULL DEFAULT '{}',
  expires_at timestamptz,
  spending_limit_minor bigint,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE audit (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid,
  actor_name text NOT NULL,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  ip text
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_subject ON audit (subject_id, at);

CREATE TABLE settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL,
  changed_at timestamptz NOT NULL
);

CREATE TABLE events (
  id uuid PRIMARY KEY,
  type text NOT NULL,
  subject_id text NOT NULL,
  account_id uuid,
  payload jsonb NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX events_at ON events (at, id);
CREATE INDEX events_subject ON events (subject_id, at);

-- What failed for good, or needs a person: a row with a retry button on staff's screen.
CREATE TABLE tasks (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  key text NOT NULL,
  title text NOT NULL,
  reason text NOT NULL,
  subject_id text,
  job jsonb,                                  -- what "retry" enqueues
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'done', 'dismissed')),
  created_at timestamptz NOT NULL,
  closed_at timestamptz,
  closed_by text
);
CREATE UNIQUE INDEX tasks_open ON tasks (key) WHERE state = 'open';
CREATE INDEX tasks_created ON tasks (created_at, id);

CREATE TABLE idempotency (
  key text PRIMARY KEY,                       -- actor and Idempotency-Key
  request_hash bytea NOT NULL,
  status smallint,                            -- null: still running
  body bytea,
  created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_created ON idempotency (created_at);

CREATE TABLE mails (
  id uuid PRIMARY KEY,
  key text NOT NULL UNIQUE,                   -- once per cause: template and subject id
  template text NOT NULL,
  account_id uuid REFERENCES accounts (id) ON DELETE SET NULL,
  to_address text NOT NULL,
  subject text NOT NULL,
  body_text text NOT NULL,
  body_html text NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'kept')),
  error text,
  created_at timestamptz NOT NULL,
  sent_at timestamptz
);
CREATE INDEX mails_created ON mails (created_at, id);
CREATE INDEX mails_account ON mails (account_id, created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE users, user_tokens, sessions, sign_ins, accounts, members, roles, staff,
  api_tokens, settings, tasks, idempotency, mails TO {role};
GRANT SELECT, INSERT ON TABLE audit, events TO {role};
