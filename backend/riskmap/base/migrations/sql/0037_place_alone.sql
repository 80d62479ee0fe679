-- A report of a place alone says nothing of how the team is: it has no status, and an order's marks that are told of an
-- earlier time are not outranked by it. Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_team_status ALTER COLUMN status DROP NOT NULL;

-- Of those from before, the ones that can be told: a team that says how it is says it of no order.
UPDATE rescue_team_status SET status = NULL, order_id = NULL, mark_id = NULL
 WHERE how IN ('hand', 'api') AND order_id IS NOT NULL AND geom IS NOT NULL;

ALTER TABLE rescue_team_status ADD CHECK (status IS NOT NULL OR geom IS NOT NULL);

-- Behind thousands of places, the newest that says more.
CREATE INDEX rescue_team_status_said ON rescue_team_status (exercise, team_id, at DESC, status_id DESC)
 WHERE status IS NOT NULL;
CREATE INDEX rescue_team_status_beside ON rescue_team_status (exercise, team_id, at DESC, status_id DESC)
 WHERE status IS NULL AND (load IS NOT NULL OR note <> '');
-- What the marks of an order said of its team.
CREATE INDEX rescue_team_status_order ON rescue_team_status (order_id) WHERE order_id IS NOT NULL;
