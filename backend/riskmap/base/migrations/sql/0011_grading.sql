-- Rule sets are items of the catalogue; what the map has made of a grade waits for somebody to confirm it.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE catalogue_item DROP CONSTRAINT catalogue_item_kind_check;
ALTER TABLE catalogue_item ADD CONSTRAINT catalogue_item_kind_check
    CHECK (kind IN ('group', 'class', 'scale', 'policy', 'ruleset'));

-- 等级待复核: a level that would change, found when something around the object changed. One open line an object
-- and scale; a line that is no longer so is closed, never erased. What is confirmed is written to the register.
CREATE TABLE grade_review (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id bigint NOT NULL REFERENCES risk_object,
    scale text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    cause jsonb NOT NULL,
    state bigint NOT NULL,
    at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('confirmed', 'passed')),
    closed_state bigint,
    closed_at timestamptz,
    closed_by text,
    note text
);
CREATE UNIQUE INDEX grade_review_open ON grade_review (object_id, scale) WHERE outcome IS NULL;
CREATE INDEX grade_review_state ON grade_review (state);
ALTER TABLE grade_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE grade_review FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON grade_review TO riskmap_owner USING (true) WITH CHECK (true);
-- A line is seen with its object, in full; it is written by whoever's change caused it, whom the line tells nothing.
CREATE POLICY app_read ON grade_review FOR SELECT TO riskmap_app
    USING (EXISTS (SELECT FROM risk_object AS o WHERE o.id = object_id));
CREATE POLICY app_add ON grade_review FOR INSERT TO riskmap_app WITH CHECK (true);
CREATE POLICY app_close ON grade_review FOR UPDATE TO riskmap_app
    USING (EXISTS (SELECT FROM risk_object AS o WHERE o.id = object_id)) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON grade_review TO riskmap_app;
