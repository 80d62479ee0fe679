-- What somebody has seen last, and the way to what has changed since: plain columns of the present rows, whose
-- comparisons are leakproof, so that row security does not keep them from an index.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE account_seen (
    account_id bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    state bigint NOT NULL,
    at timestamptz NOT NULL
);
ALTER TABLE account_seen ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_seen FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON account_seen TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_own ON account_seen TO riskmap_app
    USING (account_id = (SELECT rights_account())) WITH CHECK (account_id = (SELECT rights_account()));
GRANT SELECT, INSERT, UPDATE ON account_seen TO riskmap_app;

CREATE INDEX risk_object_state ON risk_object (state);
CREATE INDEX risk_object_valid_from ON risk_object (valid_from);
CREATE INDEX risk_object_valid_to ON risk_object (valid_to) WHERE valid_to IS NOT NULL;
