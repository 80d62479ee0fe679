-- 更正: a mark that was made on the wrong order, or too early. It stays written, with who took it back and why; what it
-- said of the team does not count any more either. Runs as riskmap_owner inside one transaction.

CREATE TABLE rescue_mark_taken_back (
    mark_id bigint PRIMARY KEY REFERENCES rescue_order_mark,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    reason text NOT NULL CHECK (reason <> '')
);

ALTER TABLE rescue_mark_taken_back ENABLE ROW LEVEL SECURITY;
ALTER TABLE rescue_mark_taken_back FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON rescue_mark_taken_back TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_read ON rescue_mark_taken_back FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1);
CREATE POLICY app_add ON rescue_mark_taken_back FOR INSERT TO riskmap_app
    WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1);
GRANT SELECT, INSERT ON rescue_mark_taken_back TO riskmap_app;

ALTER TABLE rescue_team_status ADD COLUMN mark_id bigint REFERENCES rescue_order_mark; -- which said so
CREATE INDEX rescue_team_status_mark ON rescue_team_status (mark_id) WHERE mark_id IS NOT NULL;

UPDATE rescue_team_status AS s SET mark_id = (
    SELECT m.mark_id FROM rescue_order_mark AS m
     WHERE m.order_id = s.order_id AND m.made_at <= s.made_at
       AND s.status = CASE m.what WHEN 'departure' THEN '在途' WHEN 'arrival' THEN '到达' WHEN 'result' THEN '返回'
                                  WHEN 'cancelled' THEN '返回' END
     ORDER BY m.mark_id DESC LIMIT 1)
 WHERE s.order_id IS NOT NULL;
