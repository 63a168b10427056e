-- From cart to service.
CREATE TABLE carts (
  id uuid PRIMARY KEY,
  user_id uuid UNIQUE REFERENCES users (id) ON DELETE CASCADE,  -- null: a visitor's, found by the session
  currency text NOT NULL,
  country text,
  created_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL
);
CREATE INDEX carts_touched ON carts (touched_at);

CREATE TABLE cart_items (
  id uuid PRIMARY KEY,
  cart_id uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
  plan_id uuid NOT NULL REFERENCES plans (id),
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
  hostname text NOT NULL DEFAULT '',
  options jsonb NOT NULL DEFAULT '{}',        -- {"ipv4": 2, "backups": "daily", "note": "..."}
  position integer NOT NULL,
  seen_minor bigint NOT NULL                  -- the price shown when it was added, so that a change is announced
);
CREATE INDEX cart_items_cart ON cart_items (cart_id, position);

CREATE TABLE gateways (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  credentials bytea NOT NULL,                 -- sealed
  settings jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  created_at timestamptz NOT NULL
);

CREATE TABLE gateway_customers (
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  account_id uuid NOT NULL REFERENCES accounts (id),
  provider_ref text NOT NULL,
  PRIMARY KEY (gateway_id, account_id)
);

CREATE TABLE payment_methods (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id),
  gateway_id uuid NOT NULL REFERENCES gateways (id),
  provider_ref text NOT NULL,
  kind text NOT NULL,
  brand text NOT NULL DEFAULT '',
  last4 text NOT NULL DEFAULT '',
  exp_month smallint,
  exp_year smallint,
  is_default boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'failing', 'removed')),
  created_at timestamptz NOT NULL,
  UNIQUE (gateway_id, provider_ref)
);
CREATE INDEX payment_methods_account ON payment_methods (account_id);
CREATE UNIQUE INDEX payment_methods_default ON payment_methods (account_id) WHERE is_default AND state <> 'removed';

CREATE TABLE orders (
  id uuid PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  account_id uuid NOT NULL REFERENCES accounts (id),
  status text NOT NULL CHECK (status IN ('cart', 'pending_payment', 'in_review', 'accepted', 'rejected', 'cancelled')),
  reason text,
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  payment_method_id uuid REFERENCES payment_methods (id),
  checkout_key text UNIQUE,                   -- a second click or reload lands on the same order
  placed_by text NOT NULL,
  ip text,
  created_at timestamptz NOT NULL
);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_account ON orders (account_id, created_at);

CREATE TABLE subscriptions (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id),
  order_id uuid REFERENCES orders (id),
  parent_id uuid REFERENCES subscriptions (id),
  plan_id uuid NOT NULL REFERENCES plans (id),
  price_id uuid NOT NULL REFERENCES prices (id),
  currency text NOT NULL,
  quantity integer NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 1000000),
  unit_minor bigint NOT NULL CHECK (unit_minor >= 0),   -- plan price plus options, per unit and cycle
  price_trace jsonb NOT NULL DEFAULT '[]',              -- how unit_minor came about
  cycle_unit text NOT NULL,
  cycle_count integer NOT NULL,
  anchor_day smallint NOT NULL,
  start_on date NOT NULL,
  billed_through date,                        -- exclusive: every day before it is billed
  status text NOT NULL CHECK (status IN ('pending', 'active', 'cancelled')),
  cancel_on date,                             -- first day not served
  created_at timestamptz NOT NULL
);
CREATE INDEX subscriptions_account ON subscriptions (account_id);
CREATE INDEX subscriptions_due ON subscriptions (billed_through) WHERE status = 'active';

CREATE TABLE services (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts (id),
  subscription_id uuid NOT NULL UNIQUE REFERENCES subscriptions (id),
  product_id uuid NOT NULL REFERENCES products (id),
  plan_id uuid NOT NULL REFERENCES plans (id),
  server_id uuid REFERENCES servers (id),
  label text NOT NULL,
  hostname text NOT NULL DEFAULT '',
  options jsonb NOT NULL DEFAULT '{}',
  status text NOT NULL CHECK (status IN ('pending', 'provisioning', 'active', 'suspended', 'terminated', 'failed')),
  reason text,
  panel_ref text,
  panel_ids jsonb NOT NULL DEFAULT '{}',      -- every id, persisted the moment it is known
  ip_addresses text[] NOT NULL DEFAULT '{}',
  secrets bytea,                              -- sealed: root password and the like, shown once, audited
  observed jsonb,                             -- what the panel said last
  observed_at timestamptz,
  downstream_tenant_id uuid,                  -- a child tenant's service is delivered by this one
  downstream_service_id uuid UNIQUE,
  created_at timestamptz NOT NULL,
  activated_at timestamptz,
  terminated_at timestamptz
);
CREATE UNIQUE INDEX services_panel_ref ON services (server_id, panel_ref) WHERE panel_ref IS NOT NULL AND status <> 'terminated';
CREATE INDEX services_account ON services (account_id, created_at);
CREATE INDEX services_created ON services (created_at, id);

-- Every suspension has a cause; paying the invoice it names undoes exactly that one.
CREATE TABLE suspensions (
  id uuid PRIMARY KEY,
  service_id uuid NOT NULL REFERENCES services (id),
  cause text NOT NULL CHECK (cause IN ('overdue', 'staff', 'parent')),
  invoice_id uuid,
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  lifted_at timestamptz,
  lifted_by text,
  CHECK (cause <> 'overdue' OR invoice_id IS NOT NULL)
);
CREATE UNIQUE INDEX suspensions_open ON suspensions (service_id, cause) WHERE lifted_at IS NULL;
CREATE INDEX suspensions_invoice ON suspensions (invoice_id) WHERE lifted_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE carts, cart_items, gateways, gateway_customers, payment_methods, orders,
  subscriptions, services, suspensions TO {role};
