-- A reseller asks for a suspension of the service that delivers its own ('reseller'); what the parent
-- does of its own accord to the service that delivers ours is 'parent'. One service can have both.
ALTER TABLE suspensions DROP CONSTRAINT suspensions_cause_check;
UPDATE suspensions SET cause = 'reseller' WHERE cause = 'parent'
  AND service_id IN (SELECT id FROM services WHERE downstream_service_id IS NOT NULL);
ALTER TABLE suspensions ADD CONSTRAINT suspensions_cause_check CHECK (cause IN ('overdue', 'staff', 'parent', 'reseller'));
