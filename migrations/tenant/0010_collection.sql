-- Why staff keep this account's services running whatever is unpaid; null: collection does as it always does.
ALTER TABLE accounts ADD COLUMN keep_running_reason text;
CREATE INDEX subscriptions_ending ON subscriptions (cancel_on) WHERE status = 'active' AND cancel_on IS NOT NULL;
