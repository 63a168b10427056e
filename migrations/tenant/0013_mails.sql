-- Files that travel with a mail, and what the list of mails is searched by.
CREATE TABLE mail_files (
  mail_id uuid NOT NULL REFERENCES mails (id) ON DELETE CASCADE,
  position integer NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (mail_id, position)
);
CREATE INDEX mails_state ON mails (state, created_at, id);
CREATE INDEX mails_to ON mails (lower(to_address) text_pattern_ops, created_at);

GRANT SELECT, INSERT, DELETE ON TABLE mail_files TO {role};
