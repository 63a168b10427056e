-- From when an end is wanted nothing more is billed. What a reseller ordered and gave up may be ordered again: of the
-- services that deliver one of a child's, one at most is alive.
ALTER TABLE services ADD COLUMN ending_at timestamptz;       -- since when its end is wanted
ALTER TABLE services DROP CONSTRAINT services_downstream_service_id_key;
CREATE UNIQUE INDEX services_downstream_alive ON services (downstream_service_id) WHERE status <> 'terminated';
CREATE INDEX services_downstream ON services (downstream_service_id) WHERE downstream_service_id IS NOT NULL;
