-- When panels are asked next: traffic every hour, everything once a day.
ALTER TABLE servers ADD COLUMN usage_after timestamptz;
ALTER TABLE servers ADD COLUMN reconcile_after timestamptz;
ALTER TABLE services ADD COLUMN usage_at timestamptz;      -- when its traffic was read last
CREATE INDEX services_usage ON services (server_id, usage_at) WHERE status = 'active';
