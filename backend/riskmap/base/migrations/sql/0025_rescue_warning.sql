-- 预警 and 响应: who is warned of what and who was told, and what is done at which level. Two things: no warning starts
-- a response. Live facts, only added to: a correction is a further version, an end is a row of its own.
-- Runs as riskmap_owner inside one transaction.

-- A warning is a series of versions; each is whole by itself.
CREATE TABLE rescue_warning (
    warning_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id bigint REFERENCES rescue_warning,     -- the first version; null for that itself
    version int NOT NULL CHECK (version >= 1),
    kind text NOT NULL,                     -- 暴雨, 山洪, …
    colour text NOT NULL CHECK (colour IN ('蓝', '黄', '橙', '红')),
    issuer text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    words text NOT NULL DEFAULT '',
    source text NOT NULL CHECK (source IN ('drawn', 'uploaded', 'divisions')),
    divisions text[] NOT NULL DEFAULT '{}', -- whose shapes it was made of
    repairs jsonb NOT NULL DEFAULT '[]',
    area_m2 double precision NOT NULL CHECK (area_m2 > 0),
    bounds double precision[] NOT NULL,     -- west, south, east, north
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    account_id bigint REFERENCES account,
    exercise boolean NOT NULL DEFAULT false,
    geom geometry(MultiPolygon, 4490) NOT NULL CHECK (ST_IsValid(geom)),
    UNIQUE (series_id, version),
    CHECK ((series_id IS NULL) = (version = 1))
);
CREATE INDEX rescue_warning_made ON rescue_warning (exercise, made_at);
CREATE INDEX rescue_warning_geom ON rescue_warning USING gist (geom);

-- The same in small pieces, for questions: what lies in one is found by its box.
CREATE TABLE rescue_warning_piece (
    warning_id bigint NOT NULL REFERENCES rescue_warning,
    geom geometry(Polygon, 4490) NOT NULL
);
CREATE INDEX rescue_warning_piece_warning ON rescue_warning_piece (warning_id);
CREATE INDEX rescue_warning_piece_geom ON rescue_warning_piece USING gist (geom);

CREATE TABLE rescue_warning_lifted (
    series_id bigint PRIMARY KEY REFERENCES rescue_warning,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    reason text NOT NULL
);

-- Who was told: a person of an object, an object that has nobody registered, or a department for what is its own.
CREATE TABLE rescue_told (
    told_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warning_id bigint NOT NULL REFERENCES rescue_warning,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    object_id bigint REFERENCES risk_object (id),
    party_id bigint REFERENCES object_party (party_id),
    department text,
    result text NOT NULL CHECK (result IN ('接通', '未接', '转达', '撤销')),
    note text NOT NULL DEFAULT '',
    CHECK ((object_id IS NULL) <> (department IS NULL)),
    CHECK (party_id IS NULL OR object_id IS NOT NULL)
);
CREATE INDEX rescue_told_warning ON rescue_told (warning_id, at);

-- One response of a kind, for an area: its turns follow each other, and the next begins when the last has ended. Two
-- who start at once meet at the unique turn.
CREATE TABLE rescue_response (
    response_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,                     -- 防汛, 防台风, …
    division text NOT NULL CHECK (division ~ '^\d{6}(\d{3}(\d{3})?)?$'),
    exercise boolean NOT NULL DEFAULT false,
    turn int NOT NULL CHECK (turn >= 1),
    warning_id bigint REFERENCES rescue_warning,    -- named in the basis; it started nothing
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    UNIQUE (kind, division, exercise, turn)
);
CREATE INDEX rescue_response_at ON rescue_response (exercise, at);

-- Started, changed, ended: separate acts of a commander, numbered, so that two cannot act against each other.
CREATE TABLE rescue_response_step (
    step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    response_id bigint NOT NULL REFERENCES rescue_response,
    number int NOT NULL CHECK (number >= 1),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    what text NOT NULL CHECK (what IN ('start', 'change', 'end')),
    level smallint CHECK (level BETWEEN 1 AND 4),   -- 1 is Ⅰ级, the gravest
    basis text NOT NULL,
    UNIQUE (response_id, number),
    CHECK ((what = 'start') = (number = 1)),
    CHECK ((what = 'end') = (level IS NULL))
);

-- What is to be done: copied from the list of the level when it is called, or added by hand.
CREATE TABLE rescue_act (
    act_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    response_id bigint NOT NULL REFERENCES rescue_response,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 4),  -- that first asked for it
    ordinal int NOT NULL,
    act text NOT NULL,
    department text NOT NULL DEFAULT '',
    post text NOT NULL DEFAULT '',
    minutes int CHECK (minutes > 0),
    at timestamptz NOT NULL,
    due_at timestamptz,
    by text NOT NULL
);
CREATE INDEX rescue_act_response ON rescue_act (response_id);

CREATE TABLE rescue_act_mark (
    mark_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act_id bigint NOT NULL REFERENCES rescue_act,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    -- dropped: the level that holds now does not ask for it; assigned: who does it.
    what text NOT NULL CHECK (what IN ('done', 'not_applicable', 'open', 'dropped', 'assigned')),
    person text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT ''
);
CREATE INDEX rescue_act_mark_act ON rescue_act_mark (act_id, mark_id);

-- The bureau's own lists of acts; where there is none, the shipped one holds.
CREATE TABLE rescue_act_template (
    template_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    version int NOT NULL CHECK (version >= 1),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    acts jsonb,                             -- null: back to the shipped list
    UNIQUE (kind, level, version)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_warning', 'rescue_warning_piece', 'rescue_warning_lifted', 'rescue_told',
                             'rescue_response', 'rescue_response_step', 'rescue_act', 'rescue_act_mark',
                             'rescue_act_template'] LOOP
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
