-- Figures over everything, counted after something happened, so that no page counts them.
CREATE TABLE report_figures (
  id smallint PRIMARY KEY CHECK (id = 1),
  at timestamptz NOT NULL,
  sums jsonb NOT NULL,                        -- {"EUR": {"mrr", "open", "overdue"}}
  active_services bigint NOT NULL,
  accounts bigint NOT NULL,
  overdue_invoices bigint NOT NULL
);

CREATE TABLE report_months (
  month date NOT NULL,
  currency text NOT NULL,
  mrr_minor bigint NOT NULL,
  new_minor bigint NOT NULL,
  expansion_minor bigint NOT NULL,
  contraction_minor bigint NOT NULL,
  churn_minor bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (month, currency)
);

CREATE INDEX subscriptions_agreed ON subscriptions (currency, cycle_unit, cycle_count) INCLUDE (unit_minor, quantity)
  WHERE status = 'active';
CREATE INDEX subscriptions_order ON subscriptions (order_id);
CREATE INDEX invoice_lines_period ON invoice_lines (period_to, period_from) WHERE subscription_id IS NOT NULL;
CREATE INDEX events_account ON events (account_id, at, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE report_figures, report_months TO {role};
