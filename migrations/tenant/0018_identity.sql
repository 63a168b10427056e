-- Sign-ins are told apart by where they come from: a network, and what a browser was given when it signed in before.
ALTER TABLE sign_ins ADD COLUMN network text;
ALTER TABLE sign_ins ADD COLUMN device text;
-- Whose wrong tries are counted together: one known device, one known network, or (null) everybody else.
ALTER TABLE sign_ins ADD COLUMN bucket text;
ALTER TABLE sign_ins DROP CONSTRAINT sign_ins_outcome_check;
ALTER TABLE sign_ins ADD CONSTRAINT sign_ins_outcome_check CHECK (outcome IN ('ok', 'wrong', 'throttled', 'disabled', 'reset'));
CREATE INDEX sign_ins_network ON sign_ins (network, at);
CREATE INDEX sign_ins_known ON sign_ins (user_id, at) WHERE outcome IN ('ok', 'reset');

-- An invitation is no reset; a ticket belongs to one host and one browser; who asks for mails is counted.
ALTER TABLE user_tokens ADD COLUMN network text;
ALTER TABLE user_tokens ADD COLUMN bound_to text;
ALTER TABLE user_tokens DROP CONSTRAINT user_tokens_kind_check;
ALTER TABLE user_tokens ADD CONSTRAINT user_tokens_kind_check CHECK (kind IN ('verify_email', 'reset_password', 'invite', 'ticket'));
CREATE INDEX user_tokens_network ON user_tokens (network, created_at);
