-- 救援: floods as scenarios with depth classes, and the log of a night. Live facts: none of it moves the state, each
-- row has its own time and is never changed; what was wrong is withdrawn by a row of its own.
-- Runs as riskmap_owner inside one transaction.

-- A scenario is a series of versions; each is whole by itself.
CREATE TABLE rescue_flood (
    flood_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id bigint REFERENCES rescue_flood,   -- the first version of the scenario; null for that itself
    version int NOT NULL CHECK (version >= 1),
    name text NOT NULL,
    source text NOT NULL CHECK (source IN ('drawn', 'uploaded', 'terrain')),
    at timestamptz NOT NULL,                -- of the water
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    account_id bigint REFERENCES account,
    exercise boolean NOT NULL DEFAULT false,
    note text NOT NULL DEFAULT '',
    method jsonb,                           -- how it was worked out, with its limits, where it was
    repairs jsonb NOT NULL DEFAULT '[]',
    area_m2 double precision NOT NULL CHECK (area_m2 > 0),
    bounds double precision[] NOT NULL,     -- west, south, east, north
    UNIQUE (series_id, version),
    CHECK ((series_id IS NULL) = (version = 1))
);
CREATE INDEX rescue_flood_made ON rescue_flood (made_at);

-- Depth classes of a version, disjoint: where drawn ones overlap the deepest holds.
CREATE TABLE rescue_flood_class (
    flood_id bigint NOT NULL REFERENCES rescue_flood,
    ordinal int NOT NULL,                   -- the shallowest first
    depth_m numeric NOT NULL CHECK (depth_m >= 0),
    depth_to_m numeric CHECK (depth_to_m > depth_m),    -- null: no upper depth is known
    area_m2 double precision NOT NULL,
    geom geometry(MultiPolygon, 4490) NOT NULL CHECK (ST_IsValid(geom)),
    PRIMARY KEY (flood_id, ordinal)
);

-- The same in small pieces, for questions: what lies in one is found by its box.
CREATE TABLE rescue_flood_piece (
    flood_id bigint NOT NULL,
    ordinal int NOT NULL,
    geom geometry(Polygon, 4490) NOT NULL,
    FOREIGN KEY (flood_id, ordinal) REFERENCES rescue_flood_class
);
CREATE INDEX rescue_flood_piece_flood ON rescue_flood_piece (flood_id, ordinal);
CREATE INDEX rescue_flood_piece_geom ON rescue_flood_piece USING gist (geom);

CREATE TABLE rescue_flood_withdrawn (
    flood_id bigint PRIMARY KEY REFERENCES rescue_flood,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    reason text NOT NULL
);

CREATE TABLE rescue_log (
    log_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    exercise boolean NOT NULL DEFAULT false,
    kind text NOT NULL CHECK (kind IN ('水情', '预警', '响应', '调度', '转移', '设置')),
    what text NOT NULL,
    flood_id bigint REFERENCES rescue_flood,
    state bigint NOT NULL,                  -- of the register then: the picture of that minute
    ref jsonb,                              -- what it is about: kind and id
    body jsonb
);
CREATE INDEX rescue_log_at ON rescue_log (exercise, at);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_flood', 'rescue_flood_class', 'rescue_flood_piece', 'rescue_flood_withdrawn',
                             'rescue_log'] LOOP
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
