-- 调度: where teams are, what goods went where, incidents, plans, orders and calls. Live facts, only added to: the
-- newest row holds, and the rows up to a minute are the picture of that minute.
-- Runs as riskmap_owner inside one transaction.

CREATE TABLE rescue_incident (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exercise boolean NOT NULL DEFAULT false,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL
);
CREATE INDEX rescue_incident_made ON rescue_incident (exercise, made_at);

-- Each version is whole by itself; two who change the same meet at the unique version.
CREATE TABLE rescue_incident_version (
    incident_id bigint NOT NULL REFERENCES rescue_incident,
    version int NOT NULL CHECK (version >= 1),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'merged', 'split')),
    kind text NOT NULL,
    name text NOT NULL,
    trapped int CHECK (trapped >= 0),               -- null: not known, which is not none
    vulnerable int CHECK (vulnerable >= 0),
    depth_m numeric CHECK (depth_m >= 0),
    needs text[] NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL,                        -- since when it is so
    reporter text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    result text NOT NULL DEFAULT '',
    flood_id bigint REFERENCES rescue_flood,
    geom geometry(Geometry, 4490) NOT NULL CHECK (ST_IsValid(geom)),
    PRIMARY KEY (incident_id, version),
    CHECK (vulnerable IS NULL OR trapped IS NULL OR vulnerable <= trapped)
);
CREATE INDEX rescue_incident_version_geom ON rescue_incident_version USING gist (geom);

CREATE TABLE rescue_incident_link (
    from_id bigint NOT NULL REFERENCES rescue_incident,
    to_id bigint NOT NULL REFERENCES rescue_incident,
    kind text NOT NULL CHECK (kind IN ('merged', 'split')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    PRIMARY KEY (from_id, to_id),
    CHECK (from_id <> to_id)
);
CREATE INDEX rescue_incident_link_to ON rescue_incident_link (to_id);

-- A plan is a proposal until it is accepted. based_on: which acceptance held when it was made.
CREATE TABLE rescue_plan (
    plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exercise boolean NOT NULL DEFAULT false,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    how text NOT NULL CHECK (how IN ('made', 'changed', 'replanned')),
    parent_id bigint REFERENCES rescue_plan,
    based_on int NOT NULL CHECK (based_on >= 0),
    flood_id bigint REFERENCES rescue_flood,
    incidents bigint[] NOT NULL,
    teams bigint[],                                 -- null: whoever fits
    pins jsonb NOT NULL DEFAULT '[]',               -- what was set by hand
    body jsonb NOT NULL,
    CHECK ((how = 'made') = (parent_id IS NULL))
);
CREATE INDEX rescue_plan_at ON rescue_plan (exercise, at);

-- Numbered within what is real and within what is exercised: of two who accept upon the same picture one does.
CREATE TABLE rescue_plan_accepted (
    plan_id bigint PRIMARY KEY REFERENCES rescue_plan,
    exercise boolean NOT NULL,
    number int NOT NULL CHECK (number >= 1),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    UNIQUE (exercise, number)
);

CREATE TABLE rescue_order (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id bigint NOT NULL REFERENCES rescue_plan_accepted,
    team_id bigint NOT NULL REFERENCES risk_object (id),
    incident_id bigint NOT NULL REFERENCES rescue_incident,
    exercise boolean NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    what text NOT NULL,
    body jsonb NOT NULL,                            -- the assignment that it was made of
    UNIQUE (plan_id, team_id)
);
CREATE INDEX rescue_order_team ON rescue_order (team_id, order_id);
CREATE INDEX rescue_order_incident ON rescue_order (incident_id);

CREATE TABLE rescue_order_mark (
    mark_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES rescue_order,
    what text NOT NULL CHECK (what IN ('receipt', 'departure', 'arrival', 'result', 'cancelled')),
    at timestamptz NOT NULL,                        -- when it was so
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    how text NOT NULL CHECK (how IN ('phone_page', 'call', 'system')),
    note text NOT NULL DEFAULT ''
);
CREATE INDEX rescue_order_mark_order ON rescue_order_mark (order_id, mark_id);

CREATE TABLE rescue_team_status (
    status_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id bigint NOT NULL REFERENCES risk_object (id),
    status text NOT NULL CHECK (status IN ('待命', '出动', '在途', '到达', '返回', '休整')),
    at timestamptz NOT NULL,                        -- when it was so
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    how text NOT NULL CHECK (how IN ('hand', 'api', 'order', 'standby')),
    load int CHECK (load >= 0),                     -- persons on board
    note text NOT NULL DEFAULT '',
    order_id bigint REFERENCES rescue_order,
    exercise boolean NOT NULL DEFAULT false,
    geom geometry(Point, 4490)                      -- where it is; null: not said
);
CREATE INDEX rescue_team_status_team ON rescue_team_status (exercise, team_id, at DESC, status_id DESC);

-- registered, counted: the register's quantity and stocktaking that a movement was made under. A movement counts while
-- the register says the same: what was counted anew has the movements in it.
CREATE TABLE rescue_goods_move (
    move_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL CHECK (what IN ('issue', 'return', 'transfer')),
    store_id bigint NOT NULL REFERENCES risk_object (id),
    to_store_id bigint REFERENCES risk_object (id),
    incident_id bigint REFERENCES rescue_incident,
    item text NOT NULL,
    unit text NOT NULL DEFAULT '',
    quantity numeric NOT NULL CHECK (quantity > 0),
    registered numeric NOT NULL,
    counted text NOT NULL DEFAULT '',
    to_registered numeric,
    to_counted text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    taker text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    exercise boolean NOT NULL DEFAULT false,
    CHECK ((what = 'transfer') = (to_store_id IS NOT NULL)),
    CHECK (what <> 'issue' OR incident_id IS NOT NULL)
);
CREATE INDEX rescue_goods_move_store ON rescue_goods_move (store_id, move_id);
CREATE INDEX rescue_goods_move_to ON rescue_goods_move (to_store_id, move_id);

CREATE TABLE rescue_call (
    call_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id bigint NOT NULL REFERENCES risk_object (id),
    party_id bigint REFERENCES object_party (party_id),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    result text NOT NULL CHECK (result IN ('接通', '未接', '转达')),
    note text NOT NULL DEFAULT '',
    order_id bigint REFERENCES rescue_order,
    exercise boolean NOT NULL DEFAULT false
);
CREATE INDEX rescue_call_object ON rescue_call (object_id, call_id);

-- 前置: where which team stands by before the water comes.
CREATE TABLE rescue_standby (
    standby_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    exercise boolean NOT NULL DEFAULT false,
    asked jsonb NOT NULL,
    places jsonb NOT NULL,
    note text NOT NULL DEFAULT ''
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_incident', 'rescue_incident_version', 'rescue_incident_link', 'rescue_plan',
                             'rescue_plan_accepted', 'rescue_order', 'rescue_order_mark', 'rescue_team_status',
                             'rescue_goods_move', 'rescue_call', 'rescue_standby'] LOOP
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
