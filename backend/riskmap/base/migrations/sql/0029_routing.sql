-- Roads that are closed by an act (a fallen bridge, a barrier), whatever the water does. Live facts, only added to: a
-- road is opened again by a row of its own.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE rescue_road_closed (
    closed_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    exercise boolean NOT NULL DEFAULT false,
    name text NOT NULL,                 -- of the road, as it was called then
    reason text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz CHECK (ends_at > starts_at),    -- null: until it is opened
    length_m double precision NOT NULL,
    -- The stretch itself and no number of a road: another set of roads has other numbers.
    geom geometry(MultiLineString, 4490) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom))
);
CREATE INDEX rescue_road_closed_at ON rescue_road_closed (exercise, at);
CREATE INDEX rescue_road_closed_geom ON rescue_road_closed USING gist (geom);

CREATE TABLE rescue_road_opened (
    closed_id bigint PRIMARY KEY REFERENCES rescue_road_closed,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    reason text NOT NULL
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_road_closed', 'rescue_road_opened'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= 1)', t);
        EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app
                        WITH CHECK ((SELECT rights_write()) AND (SELECT rights_tier()) >= 1)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO riskmap_app', t);
    END LOOP;
END
$$;
