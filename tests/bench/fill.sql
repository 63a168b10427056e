-- One tenant's business: accounts, a service each and more for the first, invoices of some months, paid and posted.
-- Parameters: {accounts}, {services}, {months}. Written by the administrator with triggers off.
SET session_replication_role = replica;
INSERT INTO users (id, email, email_norm, name, verified_at, created_at)
  SELECT md5('user' || i)::uuid, 'u' || i || '@bench.test', 'u' || i || '@bench.test', 'User ' || i, now(), now() - interval '1 year'
  FROM generate_series(0, {accounts}) i;
INSERT INTO staff (user_id, permissions, created_at) VALUES (md5('user0')::uuid, '{*}', now());
INSERT INTO accounts (id, number, name, email, country, currency, next_bill_on, created_at)
  SELECT md5('account' || i)::uuid, 900000 + i, 'Account ' || i, 'u' || i || '@bench.test',
    (ARRAY['DE', 'US', 'GB', 'FR', 'SE'])[1 + i % 5], 'USD', current_date + 1 + i % 27, now() - (i % 365) * interval '1 day'
  FROM generate_series(1, {accounts}) i;
INSERT INTO members (account_id, user_id, owner, created_at)
  SELECT md5('account' || i)::uuid, md5('user' || i)::uuid, true, now() FROM generate_series(1, {accounts}) i;
INSERT INTO series (name, next) VALUES ('account', 990000), ('order', 990000), ('invoice', 990000);
INSERT INTO products (id, name, slug, kind, summary, description, features, needs_hostname, position, created_at)
  SELECT md5('product' || i)::uuid, 'Product ' || i, 'product-' || i, (ARRAY['vps', 'dedicated', 'hosting', 'game', 'workspace'])[1 + i % 5],
    'Two cores, four gigabytes, forty gigabytes of NVMe', 'A server.', '[{"label": "Memory", "value": "4 GB"}]', true, i, now()
  FROM generate_series(0, 9) i;
INSERT INTO plans (id, product_id, name, cycle_unit, cycle_count, position, created_at)
  SELECT md5('plan' || i || '-' || k)::uuid, md5('product' || i)::uuid, (ARRAY['Monthly', 'Yearly'])[k], (ARRAY['month', 'year'])[k], 1, k, now()
  FROM generate_series(0, 9) i, generate_series(1, 2) k;
INSERT INTO prices (id, plan_id, currency, version, amount_minor, created_at)
  SELECT md5('price' || i || '-' || k || c)::uuid, md5('plan' || i || '-' || k)::uuid, c, 1, 1000 * (CASE k WHEN 1 THEN 1 ELSE 10 END), now()
  FROM generate_series(0, 9) i, generate_series(1, 2) k, unnest(ARRAY['USD', 'EUR']) c;
INSERT INTO orders (id, number, account_id, status, currency, total_minor, placed_by, created_at)
  SELECT md5('order' || i)::uuid, 10000 + i, md5('account' || (1 + i % {accounts}))::uuid, 'accepted', 'USD', 1000, 'Bench', now() - (i % 365) * interval '1 day'
  FROM generate_series(1, {services}) i;
INSERT INTO subscriptions (id, account_id, order_id, plan_id, price_id, currency, unit_minor, cycle_unit, cycle_count, anchor_day, start_on,
    billed_through, status, created_at)
  SELECT md5('subscription' || i)::uuid, md5('account' || (1 + i % {accounts}))::uuid, md5('order' || i)::uuid, md5('plan' || i % 10 || '-1')::uuid,
    md5('price' || i % 10 || '-1USD')::uuid, 'USD', 1000, 'month', 1, 1, date_trunc('month', now())::date - 365,
    (date_trunc('month', now()) + interval '1 month')::date, 'active', now() - (i % 365) * interval '1 day'
  FROM generate_series(1, {services}) i;
INSERT INTO services (id, account_id, subscription_id, product_id, plan_id, label, hostname, status, panel_ref, ip_addresses, created_at, activated_at)
  SELECT md5('service' || i)::uuid, md5('account' || (1 + i % {accounts}))::uuid, md5('subscription' || i)::uuid, md5('product' || i % 10)::uuid,
    md5('plan' || i % 10 || '-1')::uuid, 'web-' || i || '.bench.test', 'web-' || i || '.bench.test',
    CASE WHEN i % 50 = 0 THEN 'suspended' WHEN i % 33 = 0 THEN 'terminated' ELSE 'active' END, i::text, ARRAY['192.0.2.' || i % 255],
    now() - (i % 365) * interval '1 day', now() - (i % 365) * interval '1 day'
  FROM generate_series(1, {services}) i;
INSERT INTO operations (id, service_id, kind, key, status, step, created_by, created_at, started_at, finished_at)
  SELECT md5('operation' || i)::uuid, md5('service' || i)::uuid, 'create', 'create:' || i, CASE WHEN i % 400 = 0 THEN 'failed' ELSE 'done' END,
    'ready', 'Bench', now() - (i % 365) * interval '1 day', now(), now()
  FROM generate_series(1, {services}) i;
INSERT INTO invoices (id, account_id, order_id, number, status, payment_status, currency, subtotal_minor, tax_minor, total_minor, allocated_minor,
    issued_on, due_on, issued_at, paid_at, seller, buyer, created_at)
  SELECT md5('invoice' || i || '-' || m)::uuid, md5('account' || (1 + i % {accounts}))::uuid, CASE m WHEN {months} THEN md5('order' || i)::uuid END,
    m || '-' || i, 'issued', CASE WHEN m = 1 AND i % 40 = 0 THEN 'unpaid' ELSE 'paid' END, 'USD', 1000, 0, 1000,
    CASE WHEN m = 1 AND i % 40 = 0 THEN 0 ELSE 1000 END, current_date - m * 30, current_date - m * 30 + 7, now() - m * interval '30 days',
    CASE WHEN m = 1 AND i % 40 = 0 THEN NULL ELSE now() - m * interval '30 days' END,
    '{"name": "Bench", "lines": []}', '{"name": "Account", "lines": []}', now() - m * interval '30 days' - i * interval '1 second'
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m;
INSERT INTO invoice_lines (id, invoice_id, position, kind, subscription_id, description, detail, period_from, period_to, quantity, unit_minor,
    amount_minor, explain)
  SELECT md5('line' || i || '-' || m)::uuid, md5('invoice' || i || '-' || m)::uuid, 0, 'recurring', md5('subscription' || i)::uuid,
    'Product · Monthly', 'web-' || i, current_date - m * 30, current_date - m * 30 + 30, 1, 1000, 1000, '{}'
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m;
INSERT INTO gateways (id, kind, name, credentials, settings, state, created_at) VALUES (md5('gateway')::uuid, 'stripe', 'Old', '', '{}', 'disabled', now());
INSERT INTO payments (id, account_id, invoice_id, gateway_id, amount_minor, currency, mode, status, provider_ref, created_at, settled_at)
  SELECT md5('payment' || i || '-' || m)::uuid, md5('account' || (1 + i % {accounts}))::uuid, md5('invoice' || i || '-' || m)::uuid,
    md5('gateway')::uuid, 1000, 'USD', 'charge', CASE WHEN m = 1 AND i % 40 = 0 THEN 'failed' ELSE 'succeeded' END, 'pi_' || i || '_' || m,
    now() - m * interval '30 days' - i * interval '1 second', now() - m * interval '30 days'
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m;
INSERT INTO allocations (id, invoice_id, payment_id, amount_minor, at)
  SELECT md5('allocation' || i || '-' || m)::uuid, md5('invoice' || i || '-' || m)::uuid, md5('payment' || i || '-' || m)::uuid, 1000, now()
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m WHERE NOT (m = 1 AND i % 40 = 0);
INSERT INTO ledger_accounts (id, code, currency, account_id, normal)
  SELECT md5('receivable' || i)::uuid, 'receivable', 'USD', md5('account' || i)::uuid, 'debit' FROM generate_series(1, {accounts}) i;
INSERT INTO ledger_accounts (id, code, currency, normal) VALUES (md5('revenue')::uuid, 'revenue:vps', 'USD', 'credit'),
  (md5('clearing')::uuid, 'clearing:bench', 'USD', 'debit');
INSERT INTO ledger_transactions (id, key, kind, source_id, effective_on, posted_at)
  SELECT md5(kind || i || '-' || m)::uuid, kind || i || '-' || m, kind, 'inv', current_date - m * 30, now() - m * interval '30 days'
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m, unnest(ARRAY['invoice.issued', 'payment.received']) kind
  WHERE NOT (kind = 'payment.received' AND m = 1 AND i % 40 = 0);
INSERT INTO ledger_entries (transaction_id, position, ledger_account_id, currency, amount_minor)
  SELECT md5('invoice.issued' || i || '-' || m)::uuid, p, CASE p WHEN 0 THEN md5('receivable' || (1 + i % {accounts}))::uuid ELSE md5('revenue')::uuid END,
    'USD', CASE p WHEN 0 THEN 1000 ELSE -1000 END
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m, generate_series(0, 1) p;
INSERT INTO ledger_entries (transaction_id, position, ledger_account_id, currency, amount_minor)
  SELECT md5('payment.received' || i || '-' || m)::uuid, p, CASE p WHEN 0 THEN md5('clearing')::uuid ELSE md5('receivable' || (1 + i % {accounts}))::uuid END,
    'USD', CASE p WHEN 0 THEN 1000 ELSE -1000 END
  FROM generate_series(1, {services}) i, generate_series(1, {months}) m, generate_series(0, 1) p WHERE NOT (m = 1 AND i % 40 = 0);
INSERT INTO events (id, type, subject_id, account_id, payload, at)
  SELECT md5('event' || i)::uuid, 'service.provisioned', 'svc_' || i, md5('account' || (1 + i % {accounts}))::uuid, '{}', now() - (i % 365) * interval '1 day'
  FROM generate_series(1, {services}) i;
INSERT INTO audit (id, at, actor_kind, actor_name, action, subject_kind, subject_id)
  SELECT md5('audit' || i)::uuid, now() - (i % 365) * interval '1 day', 'system', 'Bench', 'order.placed', 'order', 'ord_' || i
  FROM generate_series(1, {services}) i;
INSERT INTO tasks (id, kind, key, title, reason, created_at)
  SELECT md5('task' || i)::uuid, 'operation', 'operation:' || i, 'A build failed', 'No room.', now() FROM generate_series(1, 1 + {services} / 400) i;
SET session_replication_role = DEFAULT;
