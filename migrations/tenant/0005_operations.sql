-- What we want on somebody's server, and what was seen there.
CREATE TABLE operations (
  id uuid PRIMARY KEY,
  service_id uuid NOT NULL REFERENCES services (id),
  server_id uuid REFERENCES servers (id),
  kind text NOT NULL CHECK (kind IN ('create', 'suspend', 'resume', 'terminate', 'change_plan', 'power', 'root_password')),
  key text NOT NULL UNIQUE,                   -- why it is wanted, once
  status text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'retrying', 'failed', 'done', 'cancelled')),
  step text NOT NULL DEFAULT '',
  input jsonb NOT NULL DEFAULT '{}',
  tries integer NOT NULL DEFAULT 0,
  reason text,
  no_capacity boolean NOT NULL DEFAULT false,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz
);
CREATE INDEX operations_service ON operations (service_id, created_at);
CREATE INDEX operations_created ON operations (created_at, id);
CREATE INDEX operations_open ON operations (status) WHERE status NOT IN ('done', 'cancelled');

CREATE TABLE operation_log (
  id uuid PRIMARY KEY,
  operation_id uuid NOT NULL REFERENCES operations (id),
  at timestamptz NOT NULL,
  step text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('started', 'done', 'retry', 'failed', 'note')),
  message text NOT NULL DEFAULT ''
);
CREATE INDEX operation_log_operation ON operation_log (operation_id, at, id);

-- Room kept for orders that are not built yet.
CREATE TABLE capacity_holds (
  service_id uuid PRIMARY KEY REFERENCES services (id),
  product_id uuid NOT NULL REFERENCES products (id),
  server_id uuid REFERENCES servers (id),
  created_at timestamptz NOT NULL,
  released_at timestamptz
);
CREATE INDEX capacity_holds_open ON capacity_holds (server_id) WHERE released_at IS NULL;

CREATE TABLE readings (
  service_id uuid NOT NULL REFERENCES services (id),
  metric text NOT NULL,
  at timestamptz NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (service_id, metric, at)
);

GRANT SELECT, INSERT, UPDATE ON TABLE operations, capacity_holds TO {role};
GRANT SELECT, INSERT ON TABLE operation_log, readings TO {role};
