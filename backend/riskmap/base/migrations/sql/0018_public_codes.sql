-- Codes of notice boards: what a QR code leads the public to. None of it moves the state.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE object_code (
    -- Crockford's base 32: no I, L, O, U. Fifty random bits, so that nobody comes upon one by trying.
    code text PRIMARY KEY CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{10}$'),
    object_id bigint NOT NULL REFERENCES risk_object (id),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    reason text NOT NULL DEFAULT '',
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX object_code_object ON object_code (object_id) WHERE revoked_at IS NULL;

-- What hangs on an object is seen and written with it.
DO $$
DECLARE
    its constant text := 'EXISTS (SELECT 1 FROM risk_object o WHERE o.id = object_id)';
BEGIN
    EXECUTE 'ALTER TABLE object_code ENABLE ROW LEVEL SECURITY';
    EXECUTE 'ALTER TABLE object_code FORCE ROW LEVEL SECURITY';
    EXECUTE 'CREATE POLICY owner_all ON object_code TO riskmap_owner USING (true) WITH CHECK (true)';
    EXECUTE 'CREATE POLICY app_read ON object_code FOR SELECT TO riskmap_app USING (' || its || ')';
    EXECUTE 'CREATE POLICY app_add ON object_code FOR INSERT TO riskmap_app WITH CHECK ((SELECT rights_write()) AND '
            || its || ')';
    EXECUTE 'CREATE POLICY app_change ON object_code FOR UPDATE TO riskmap_app USING ((SELECT rights_write()) AND '
            || its || ')';
END
$$;
GRANT SELECT, INSERT ON object_code TO riskmap_app;
GRANT UPDATE (revoked_at, revoked_by, reason) ON object_code TO riskmap_app;
