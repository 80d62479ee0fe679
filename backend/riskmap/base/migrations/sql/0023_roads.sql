-- Roads: one table for what a flood closes and for the routing. It holds the set that is in use and no other; what was
-- loaded, when and by whom stays. Live facts: none of it moves the state.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE road_set (
    set_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    source text NOT NULL DEFAULT '',
    licence text NOT NULL DEFAULT '',
    dated date,                         -- of the data; null where nobody says
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    loaded_by text NOT NULL,
    account_id bigint REFERENCES account,
    file text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    format text NOT NULL CHECK (format IN ('osm', 'shp', 'gpkg', 'geojson')),
    crs text NOT NULL,                  -- of the file
    rows int NOT NULL CHECK (rows > 0),
    length_m double precision NOT NULL,
    summary jsonb NOT NULL              -- by class; what was left out and why
);
CREATE INDEX road_set_loaded ON road_set (loaded_at);

CREATE TABLE road (
    road_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id bigint NOT NULL REFERENCES road_set,
    osm_id bigint,                      -- of the way; several roads where it was cut
    name text,
    ref text,
    highway text NOT NULL,              -- OSM's class
    oneway smallint NOT NULL DEFAULT 0 CHECK (oneway IN (-1, 0, 1)),    -- 1 along the line, -1 against it
    bridge boolean NOT NULL DEFAULT false,
    tunnel boolean NOT NULL DEFAULT false,
    access text,
    maxspeed_kmh smallint CHECK (maxspeed_kmh > 0),
    tags jsonb NOT NULL DEFAULT '{}',
    length_m double precision NOT NULL, -- on the ellipsoid
    nodes bigint[] NOT NULL,            -- one a vertex: equal numbers meet, others do not, wherever they lie
    geom geometry(LineString, 4490) NOT NULL CHECK (ST_IsValid(geom)),
    CHECK (cardinality(nodes) = ST_NPoints(geom))
);
CREATE INDEX road_geom ON road USING gist (geom);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['road_set', 'road'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1)', t);
        EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app
                        WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1)', t);
    END LOOP;
    EXECUTE 'CREATE POLICY app_remove ON road FOR DELETE TO riskmap_app
             USING ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1)';
END
$$;
GRANT SELECT, INSERT ON road_set TO riskmap_app;
GRANT SELECT, INSERT, DELETE ON road TO riskmap_app;
