-- What lists are searched and sorted by, so that a page of 100,000 rows costs what a page of ten does.
ALTER TABLE accounts ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig,
  regexp_replace(lower(name || ' ' || coalesce(company, '') || ' ' || email || ' ' || number::text), '[^[:alnum:]]+', ' ', 'g'))) STORED;
CREATE INDEX accounts_words ON accounts USING gin (words);
CREATE INDEX accounts_name ON accounts (lower(name), id);

ALTER TABLE services ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig,
  regexp_replace(lower(label || ' ' || hostname || ' ' || coalesce(panel_ref, '')), '[^[:alnum:]]+', ' ', 'g'))) STORED;
CREATE INDEX services_words ON services USING gin (words);
CREATE INDEX services_addresses ON services USING gin (ip_addresses);
CREATE INDEX services_label ON services (lower(label), id);
CREATE INDEX services_status ON services (status, created_at, id);
CREATE INDEX services_product ON services (product_id, created_at);
CREATE INDEX services_server ON services (server_id, created_at);

CREATE INDEX invoices_number ON invoices (number text_pattern_ops);
CREATE INDEX invoices_due ON invoices (coalesce(due_on, '9999-12-31'::date), id);
CREATE INDEX orders_status ON orders (status, created_at, id);
CREATE INDEX operations_status ON operations (status, created_at, id);
CREATE INDEX operations_server ON operations (server_id, created_at);
CREATE INDEX tasks_state ON tasks (state, created_at, id);
CREATE INDEX audit_action ON audit (action text_pattern_ops, at);
CREATE INDEX audit_actor ON audit (lower(actor_name) text_pattern_ops, at);
