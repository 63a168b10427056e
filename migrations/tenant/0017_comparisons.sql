-- A comparison of a server with ours goes page by page, and goes on where it was.
CREATE TABLE comparisons (
  server_id uuid PRIMARY KEY REFERENCES servers (id),
  started_at timestamptz NOT NULL,
  stage text NOT NULL CHECK (stage IN ('theirs', 'ours')),
  cursor text NOT NULL,                       -- the next page there, or the last of ours that was asked about
  found jsonb NOT NULL                        -- keys of the differences so far
);
ALTER TABLE services ADD COLUMN seen_at timestamptz;         -- when a comparison saw it on its panel
CREATE INDEX services_on_panel ON services (server_id, id) WHERE panel_ref IS NOT NULL;
CREATE INDEX services_panel_refs ON services (server_id, panel_ref) WHERE panel_ref IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE comparisons TO {role};
