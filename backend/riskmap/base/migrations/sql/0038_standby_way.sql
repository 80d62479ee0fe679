-- A team that is told to stand by somewhere is on its way there until somebody says that it is there. What says so of
-- it knows the record: without a place it goes there, with one it is there. Records of before have no such row and stay
-- as they are. Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_team_status ADD COLUMN standby_id bigint REFERENCES rescue_standby;
CREATE INDEX rescue_team_status_standby ON rescue_team_status (standby_id) WHERE standby_id IS NOT NULL;
