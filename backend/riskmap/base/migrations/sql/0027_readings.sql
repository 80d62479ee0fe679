-- 水位读数: what a gauge or a work read, and whether it is believed. Live facts: none of it moves the state, rows are
-- only added. What was wrong is put right by a further reading that names the one it stands in for.
-- Runs as riskmap_owner inside one transaction.
CREATE TABLE rescue_reading (
    reading_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id bigint NOT NULL REFERENCES risk_object (id),
    at timestamptz NOT NULL,                -- of the water
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),     -- when we came to know it
    made_by text NOT NULL,
    account_id bigint REFERENCES account,
    exercise boolean NOT NULL DEFAULT false,
    source text NOT NULL CHECK (source IN ('hand', 'table', 'api')),
    given_m numeric NOT NULL,               -- as it was sent
    height_system text,                     -- as it was sent; null: the object's own
    shift_m numeric NOT NULL DEFAULT 0,
    level_m numeric NOT NULL,               -- in the object's own height system
    key text CHECK (key <> ''),             -- the sender's: the same once more is no second reading
    doubtful boolean NOT NULL DEFAULT false,
    jump_m numeric,                         -- why: how far it is from the reading before
    replaces bigint UNIQUE REFERENCES rescue_reading,
    note text NOT NULL DEFAULT '',
    CHECK (level_m = given_m + shift_m),
    CHECK (doubtful = (jump_m IS NOT NULL))
);
CREATE UNIQUE INDEX rescue_reading_one ON rescue_reading (object_id, exercise, at) WHERE replaces IS NULL;
CREATE UNIQUE INDEX rescue_reading_key ON rescue_reading (object_id, exercise, key) WHERE key IS NOT NULL;
CREATE INDEX rescue_reading_latest ON rescue_reading (object_id, exercise, at DESC, reading_id DESC);

-- What somebody said of a reading that was kept as doubtful, or that nobody should use: the last act holds.
CREATE TABLE rescue_reading_act (
    act_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reading_id bigint NOT NULL REFERENCES rescue_reading,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    what text NOT NULL CHECK (what IN ('confirm', 'discard')),
    note text NOT NULL DEFAULT ''
);
CREATE INDEX rescue_reading_act_of ON rescue_reading_act (reading_id, act_id DESC);

-- How a reading stood at a minute: used, doubtful (waits to be confirmed), discarded or replaced.
CREATE FUNCTION reading_standing(r rescue_reading, known timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM rescue_reading AS x WHERE x.replaces = r.reading_id AND x.made_at <= known)
            THEN 'replaced'
        ELSE coalesce(
            (SELECT CASE a.what WHEN 'confirm' THEN 'used' ELSE 'discarded' END FROM rescue_reading_act AS a
             WHERE a.reading_id = r.reading_id AND a.at <= known ORDER BY a.act_id DESC LIMIT 1),
            CASE WHEN r.doubtful THEN 'doubtful' ELSE 'used' END)
    END
$$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_reading', 'rescue_reading_act'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app
                        USING ((SELECT rights_tier()) >= 1)', t);
        EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app
                        WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO riskmap_app', t);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION reading_standing(rescue_reading, timestamptz) TO riskmap_app;
