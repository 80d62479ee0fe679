-- 地形: rasters of heights that water is worked out from. The file lies in the data folder under its SHA-256; here stands
-- what it is. A flood keeps in its method what it was worked out from, so a terrain can be removed.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE rescue_terrain (
    terrain_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    height_system text NOT NULL,            -- what its heights count from
    source text NOT NULL DEFAULT '',
    licence text NOT NULL DEFAULT '',
    dated text NOT NULL DEFAULT '',         -- of the survey, as its source says it
    crs text NOT NULL,
    given_crs text,                         -- typed, where the file does not say it
    cell_m double precision NOT NULL CHECK (cell_m > 0),
    rows int NOT NULL CHECK (rows > 0),
    cols int NOT NULL CHECK (cols > 0),
    bounds double precision[] NOT NULL CHECK (cardinality(bounds) = 4),  -- west, south, east, north
    voids bigint NOT NULL CHECK (voids >= 0),
    lowest_m double precision NOT NULL,
    highest_m double precision NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL UNIQUE,
    file text NOT NULL,                     -- its own name: an HGT says by it where it is
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    loaded_by text NOT NULL
);

ALTER TABLE rescue_terrain ENABLE ROW LEVEL SECURITY;
ALTER TABLE rescue_terrain FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON rescue_terrain TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_read ON rescue_terrain FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1);
CREATE POLICY app_add ON rescue_terrain FOR INSERT TO riskmap_app
    WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1);
CREATE POLICY app_remove ON rescue_terrain FOR DELETE TO riskmap_app
    USING ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1);
GRANT SELECT, INSERT, DELETE ON rescue_terrain TO riskmap_app;
