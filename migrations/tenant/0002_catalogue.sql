-- What is sold: servers it comes from, products, plans, versioned prices, options.
CREATE TABLE servers (
  id uuid PRIMARY KEY,
  panel text NOT NULL,
  name text NOT NULL UNIQUE,
  base_url text NOT NULL,
  credentials bytea NOT NULL,                 -- sealed
  settings jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  checked_at timestamptz,
  check_ok boolean,
  check_detail text,
  created_at timestamptz NOT NULL
);

CREATE TABLE products (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('vps', 'dedicated', 'hosting', 'game', 'workspace')),
  summary text NOT NULL DEFAULT '',
  description text NOT NULL DEFAULT '',
  features jsonb NOT NULL DEFAULT '[]',       -- [{"label","value"}]
  server_id uuid REFERENCES servers (id),
  panel_settings jsonb NOT NULL DEFAULT '{}',
  stock integer CHECK (stock >= 0),           -- null: as the panel says
  needs_hostname boolean NOT NULL DEFAULT true,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'hidden', 'retired')),
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL
);
CREATE INDEX products_kind ON products (kind, position);

CREATE TABLE plans (
  id uuid PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES products (id),
  name text NOT NULL,
  cycle_unit text NOT NULL CHECK (cycle_unit IN ('once', 'day', 'week', 'month', 'year')),
  cycle_count integer NOT NULL CHECK (cycle_count BETWEEN 1 AND 1000),
  trial_days integer NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 3650),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'hidden', 'retired')),
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL
);
CREATE INDEX plans_product ON plans (product_id, position);

CREATE TABLE prices (
  id uuid PRIMARY KEY,
  plan_id uuid NOT NULL REFERENCES plans (id),
  currency text NOT NULL,
  version integer NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  setup_minor bigint NOT NULL DEFAULT 0 CHECK (setup_minor >= 0),
  created_at timestamptz NOT NULL,
  UNIQUE (plan_id, currency, version)
);

CREATE TABLE options (
  id uuid PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES products (id),
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$'),
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('choice', 'quantity', 'text')),
  required boolean NOT NULL DEFAULT false,
  min integer NOT NULL DEFAULT 0,
  max integer NOT NULL DEFAULT 1,
  panel_key text,                             -- the panel setting that this option sets
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired')),
  position integer NOT NULL DEFAULT 0,
  UNIQUE (product_id, key)
);

CREATE TABLE option_values (
  id uuid PRIMARY KEY,
  option_id uuid NOT NULL REFERENCES options (id),
  key text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'),
  name text NOT NULL,
  panel_value jsonb,
  position integer NOT NULL DEFAULT 0,
  UNIQUE (option_id, key)
);

-- Per unit for a quantity, per choice for a choice; the cycle is the plan's.
CREATE TABLE option_prices (
  id uuid PRIMARY KEY,
  option_id uuid NOT NULL REFERENCES options (id),
  value_id uuid REFERENCES option_values (id),
  plan_id uuid NOT NULL REFERENCES plans (id),
  currency text NOT NULL,
  version integer NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  setup_minor bigint NOT NULL DEFAULT 0 CHECK (setup_minor >= 0),
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX option_prices_version ON option_prices
  (plan_id, option_id, coalesce(value_id, option_id), currency, version);

GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE servers, products, plans, options, option_values TO {role};
GRANT SELECT, INSERT ON TABLE prices, option_prices TO {role};
