-- 退回: a proposal that somebody has looked at and does not want. It stays readable, and is not accepted any more.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE rescue_plan_returned (
    plan_id bigint PRIMARY KEY REFERENCES rescue_plan,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    reason text NOT NULL
);

ALTER TABLE rescue_plan_returned ENABLE ROW LEVEL SECURITY;
ALTER TABLE rescue_plan_returned FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON rescue_plan_returned TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_read ON rescue_plan_returned FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1);
CREATE POLICY app_add ON rescue_plan_returned FOR INSERT TO riskmap_app
    WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1);
GRANT SELECT, INSERT ON rescue_plan_returned TO riskmap_app;
