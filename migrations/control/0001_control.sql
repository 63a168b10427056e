-- What tenants share: where each lives, which hosts are theirs, and the feed that tells every node.
CREATE SCHEMA IF NOT EXISTS control;

CREATE TABLE control.cells (
  id smallint PRIMARY KEY,
  name text NOT NULL UNIQUE,
  database_url bytea,                       -- sealed; null: the database that holds control
  login_role text NOT NULL,
  password bytea NOT NULL,                  -- sealed
  max_tenants integer NOT NULL DEFAULT 400,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'full', 'closed')),
  version integer NOT NULL DEFAULT 0
);

CREATE TABLE control.spares (
  schema_name text PRIMARY KEY,
  cell_id smallint NOT NULL REFERENCES control.cells (id),
  schema_version integer NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE control.tenants (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,38}[a-z0-9]$|^[a-z]$'),
  name text NOT NULL,
  parent_id uuid REFERENCES control.tenants (id),
  parent_account_id uuid,                   -- the reseller's own account in its parent
  cell_id smallint NOT NULL REFERENCES control.cells (id),
  schema_name text NOT NULL UNIQUE,
  mode text NOT NULL CHECK (mode IN ('live', 'sandbox')),
  state text NOT NULL CHECK (state IN ('active', 'suspended', 'deleting')),
  reason text,
  currency text NOT NULL,
  timezone text NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  clock_offset_us bigint NOT NULL DEFAULT 0, -- sandbox tenants only: their time minus ours
  settings jsonb NOT NULL DEFAULT '{}',     -- own values, published for all nodes
  schema_version integer NOT NULL,
  fingerprint text NOT NULL DEFAULT '',
  parked_reason text,                       -- a migration failed: answered with a plain page until retried
  generation bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CHECK (mode = 'sandbox' OR clock_offset_us = 0)
);
CREATE UNIQUE INDEX tenants_one_root ON control.tenants ((true)) WHERE parent_id IS NULL;
CREATE INDEX tenants_parent ON control.tenants (parent_id);

CREATE TABLE control.hosts (
  id uuid PRIMARY KEY,
  hostname text NOT NULL,
  tenant_id uuid NOT NULL REFERENCES control.tenants (id) ON DELETE CASCADE,
  portal text NOT NULL CHECK (portal IN ('all', 'site', 'account', 'admin', 'status')),
  kind text NOT NULL CHECK (kind IN ('platform', 'custom')),
  state text NOT NULL CHECK (state IN ('pending', 'verified', 'issuing', 'serving', 'failing', 'released')),
  claim text NOT NULL UNIQUE,               -- 26 base32 characters: the CNAME target and TXT token of this claim only
  reason text,
  verified_at timestamptz,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, hostname)
);
-- Claims may coexist; only one tenant can have proved a name.
CREATE UNIQUE INDEX hosts_proved ON control.hosts (hostname) WHERE state IN ('verified', 'issuing', 'serving', 'failing');

CREATE TABLE control.changes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  key text NOT NULL,
  at timestamptz NOT NULL
);

-- Figures over many tenants, written by one job per tenant, so that no request loops over schemas.
CREATE TABLE control.figures (
  tenant_id uuid PRIMARY KEY REFERENCES control.tenants (id) ON DELETE CASCADE,
  currency text NOT NULL,
  mrr_minor bigint NOT NULL DEFAULT 0,
  active_services bigint NOT NULL DEFAULT 0,
  accounts bigint NOT NULL DEFAULT 0,
  open_minor bigint NOT NULL DEFAULT 0,
  overdue_minor bigint NOT NULL DEFAULT 0,
  open_tasks bigint NOT NULL DEFAULT 0,
  at timestamptz NOT NULL
);

CREATE TABLE control.migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  fingerprint text NOT NULL,
  applied_at timestamptz NOT NULL
);
