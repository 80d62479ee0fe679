-- Which columns the bureau has in each list that it hands in, and in which order. None of it moves the state.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE report_layout (
    list text PRIMARY KEY,
    columns jsonb NOT NULL,             -- [{"name": …, "hidden": …}, …] in their order; no row: as shipped
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL
);

ALTER TABLE report_layout ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_layout FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON report_layout TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_read ON report_layout FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1);
CREATE POLICY app_add ON report_layout FOR INSERT TO riskmap_app WITH CHECK ((SELECT rights_write()));
CREATE POLICY app_change ON report_layout FOR UPDATE TO riskmap_app
    USING ((SELECT rights_write())) WITH CHECK ((SELECT rights_write()));
CREATE POLICY app_remove ON report_layout FOR DELETE TO riskmap_app USING ((SELECT rights_write()));
GRANT SELECT, INSERT, UPDATE, DELETE ON report_layout TO riskmap_app;
