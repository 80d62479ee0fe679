-- 转移: who is ordered to leave which village, who has arrived where, who is left. Live facts, only added to: what was
-- entered wrongly is replaced by an entry that cancels it. Households alone are changed and deleted: they are personal
-- data, with a day on which they go.
-- Runs as riskmap_owner inside one transaction.

-- Whether the caller's role writes at all, also while he reads: a village officer reads the households of his village.
CREATE FUNCTION rights_edits() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('riskmap.edits', true), '') = 'on' $$;
GRANT EXECUTE ON FUNCTION rights_edits() TO riskmap_app;

CREATE TABLE rescue_evacuation (
    evacuation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    flood_id bigint REFERENCES rescue_flood,
    level text NOT NULL CHECK (level IN ('准备转移', '立即转移')),
    trigger text NOT NULL DEFAULT '',
    ordered_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    exercise boolean NOT NULL DEFAULT false
);
CREATE INDEX rescue_evacuation_made ON rescue_evacuation (exercise, made_at);

CREATE TABLE rescue_evac_closed (
    evacuation_id bigint PRIMARY KEY REFERENCES rescue_evacuation,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    reason text NOT NULL,
    keep_days int NOT NULL CHECK (keep_days BETWEEN 1 AND 180)
);

CREATE TABLE rescue_evac_village (
    village_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    evacuation_id bigint NOT NULL REFERENCES rescue_evacuation,
    name text NOT NULL,
    division text NOT NULL CHECK (division ~ '^\d{6}(\d{3}(\d{3})?)?$'),
    object_id bigint REFERENCES risk_object (id),
    to_move int NOT NULL CHECK (to_move >= 0),     -- as ordered; changes are entries
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    UNIQUE (evacuation_id, division, name),
    UNIQUE (village_id, evacuation_id),
    UNIQUE (village_id, division)
);

-- Who leads the village out, and where; the newest holds.
CREATE TABLE rescue_evac_arranged (
    arranged_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    village_id bigint NOT NULL REFERENCES rescue_evac_village,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    area text NOT NULL,             -- 危险区
    organiser text NOT NULL,        -- post and name
    phone text NOT NULL,
    transport text NOT NULL,
    route text NOT NULL,
    shelter_id bigint REFERENCES risk_object (id)
);
CREATE INDEX rescue_evac_arranged_village ON rescue_evac_arranged (village_id, arranged_id);

-- Personal data: command tier, or an editor whose areas cover the village.
CREATE TABLE rescue_evac_household (
    household_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    evacuation_id bigint NOT NULL,
    village_id bigint NOT NULL,
    division text NOT NULL,         -- of the village, for the rights
    identity text NOT NULL,         -- 户号, else name and telephone: one household stands in one village
    code text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('resident', 'floating')),
    householder text NOT NULL,
    persons int NOT NULL CHECK (persons BETWEEN 1 AND 2000),
    frail int NOT NULL CHECK (frail BETWEEN 0 AND persons),            -- 老弱病残孕
    disabled int NOT NULL CHECK (disabled BETWEEN 0 AND persons),      -- 失能
    left_behind int NOT NULL CHECK (left_behind BETWEEN 0 AND persons),    -- 留守
    alone int NOT NULL CHECK (alone BETWEEN 0 AND persons),            -- 独居
    phone text NOT NULL,
    address text NOT NULL,
    helper text NOT NULL,           -- 一对一
    helper_phone text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    delete_on date NOT NULL,
    UNIQUE (evacuation_id, identity),
    FOREIGN KEY (village_id, evacuation_id) REFERENCES rescue_evac_village (village_id, evacuation_id),
    FOREIGN KEY (village_id, division) REFERENCES rescue_evac_village (village_id, division)
);
CREATE INDEX rescue_evac_household_village ON rescue_evac_household (village_id);
CREATE INDEX rescue_evac_household_end ON rescue_evac_household (delete_on);

CREATE TABLE rescue_evac_entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    evacuation_id bigint NOT NULL,
    village_id bigint NOT NULL,
    household_id bigint,            -- no reference: the household goes on its day, the count stays
    kind text NOT NULL CHECK (kind IN ('sheltered', 'with_relatives', 'returned', 'to_move_change')),
    persons int NOT NULL,
    shelter_id bigint REFERENCES risk_object (id),
    origin text CHECK (origin IN ('shelter', 'relatives')),     -- of who returned, where it was said
    cancels bigint UNIQUE REFERENCES rescue_evac_entry,         -- this one stands in its place
    at timestamptz NOT NULL,        -- when it was so, by the officer's clock
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    key text NOT NULL,              -- made by the sender: sending twice is sending once
    note text NOT NULL DEFAULT '',
    UNIQUE (evacuation_id, key),
    FOREIGN KEY (village_id, evacuation_id) REFERENCES rescue_evac_village (village_id, evacuation_id),
    CHECK (kind = 'to_move_change' OR persons >= 0),
    CHECK (persons <> 0 OR cancels IS NOT NULL),
    CHECK (origin IS NULL OR kind = 'returned'),
    CHECK (shelter_id IS NULL OR kind = 'sheltered' OR (kind = 'returned' AND origin = 'shelter')),
    CHECK (household_id IS NULL OR kind <> 'to_move_change')
);
CREATE INDEX rescue_evac_entry_village ON rescue_evac_entry (village_id, entry_id);

-- Which village goes to which shelter: a proposal, and its acceptance as one act.
CREATE TABLE rescue_evac_plan (
    plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    evacuation_id bigint NOT NULL REFERENCES rescue_evacuation,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account,
    ways text NOT NULL CHECK (ways IN ('road', 'straight_line')),
    body jsonb NOT NULL             -- what it was asked with, and the shortage of each village
);
CREATE INDEX rescue_evac_plan_of ON rescue_evac_plan (evacuation_id, plan_id);

CREATE TABLE rescue_evac_plan_line (
    plan_id bigint NOT NULL REFERENCES rescue_evac_plan,
    village_id bigint NOT NULL REFERENCES rescue_evac_village,
    shelter_id bigint NOT NULL REFERENCES risk_object (id),
    persons int NOT NULL CHECK (persons > 0),
    distance_m double precision NOT NULL,
    travel_s double precision,      -- by road; null along a straight line
    PRIMARY KEY (plan_id, village_id, shelter_id)
);

CREATE TABLE rescue_evac_plan_accepted (
    plan_id bigint PRIMARY KEY REFERENCES rescue_evac_plan,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    account_id bigint REFERENCES account
);

-- -- Counting: here and nowhere else -----------------------------------------------------

-- Entries that count at a minute: those that no other had cancelled by then.
CREATE FUNCTION rescue_evac_standing(evacuations bigint[], until timestamptz) RETURNS SETOF rescue_evac_entry
LANGUAGE sql STABLE AS $$
    SELECT e.* FROM rescue_evac_entry AS e
    WHERE e.evacuation_id = ANY (evacuations) AND e.made_at <= until AND NOT EXISTS (
        SELECT FROM rescue_evac_entry AS c WHERE c.cancels = e.entry_id AND c.made_at <= until
    )
$$;

-- moved = sheltered + with_relatives and to_move = moved + remaining; who returned is counted apart and lowers neither.
CREATE FUNCTION rescue_evac_counts(evacuations bigint[], until timestamptz) RETURNS TABLE (
    evacuation_id bigint, village_id bigint, to_move bigint, moved bigint, sheltered bigint, with_relatives bigint,
    remaining bigint, returned bigint, returned_from_shelters bigint, returned_from_relatives bigint, in_shelters bigint
) LANGUAGE sql STABLE AS $$
    SELECT
        v.evacuation_id, v.village_id, s.to_move, s.sheltered + s.with_relatives, s.sheltered, s.with_relatives,
        s.to_move - s.sheltered - s.with_relatives, s.returned, s.from_shelters, s.from_relatives,
        s.sheltered - s.from_shelters
    FROM rescue_evac_village AS v CROSS JOIN LATERAL (
        SELECT
            v.to_move + coalesce(sum(e.persons) FILTER (WHERE e.kind = 'to_move_change'), 0)::bigint AS to_move,
            coalesce(sum(e.persons) FILTER (WHERE e.kind = 'sheltered'), 0)::bigint AS sheltered,
            coalesce(sum(e.persons) FILTER (WHERE e.kind = 'with_relatives'), 0)::bigint AS with_relatives,
            coalesce(sum(e.persons) FILTER (WHERE e.kind = 'returned'), 0)::bigint AS returned,
            coalesce(sum(e.persons) FILTER (WHERE e.kind = 'returned' AND e.origin = 'shelter'), 0)::bigint
                AS from_shelters,
            coalesce(sum(e.persons) FILTER (WHERE e.kind = 'returned' AND e.origin = 'relatives'), 0)::bigint
                AS from_relatives
        FROM rescue_evac_standing(ARRAY[v.evacuation_id], until) AS e
        WHERE e.village_id = v.village_id
    ) AS s
    WHERE v.evacuation_id = ANY (evacuations) AND v.made_at <= until
$$;

-- Who is in which shelter, by village; null stands for a place that was not said.
CREATE FUNCTION rescue_evac_in_shelters(evacuations bigint[], until timestamptz) RETURNS TABLE (
    evacuation_id bigint, village_id bigint, shelter_id bigint, came bigint, left_again bigint
) LANGUAGE sql STABLE AS $$
    SELECT
        e.evacuation_id, e.village_id, e.shelter_id,
        coalesce(sum(e.persons) FILTER (WHERE e.kind = 'sheltered'), 0)::bigint,
        coalesce(sum(e.persons) FILTER (WHERE e.kind = 'returned'), 0)::bigint
    FROM rescue_evac_standing(evacuations, until) AS e
    WHERE e.kind = 'sheltered' OR e.origin = 'shelter'
    GROUP BY e.evacuation_id, e.village_id, e.shelter_id
$$;

-- -- Rights ------------------------------------------------------------------------------

DO $$
DECLARE
    covered constant text :=
        '((SELECT rights_areas()) IS NULL OR division LIKE ANY ((SELECT rights_areas())::text[]))';
    of_village constant text :=
        'EXISTS (SELECT FROM rescue_evac_village AS v WHERE v.village_id = %s.village_id'
        ' AND ((SELECT rights_areas()) IS NULL OR v.division LIKE ANY ((SELECT rights_areas())::text[])))';
    -- An empty list of areas covers everything for the command tier, and nothing here for an editor below it.
    personal constant text :=
        '((SELECT rights_tier()) >= 2 AND ((SELECT rights_areas()) IS NULL'
        ' OR division LIKE ANY ((SELECT rights_areas())::text[])) OR (SELECT rights_tier()) >= 1'
        ' AND (SELECT rights_edits()) AND division LIKE ANY ((SELECT rights_areas())::text[]))';
    adding constant text := '(SELECT rights_write()) AND (SELECT rights_tier()) >= 1';
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rescue_evacuation', 'rescue_evac_closed', 'rescue_evac_village', 'rescue_evac_arranged',
                             'rescue_evac_household', 'rescue_evac_entry', 'rescue_evac_plan', 'rescue_evac_plan_line',
                             'rescue_evac_plan_accepted'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
        CONTINUE WHEN t = 'rescue_evac_household';
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app
                        USING ((SELECT rights_tier()) >= 1)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO riskmap_app', t);
        IF t IN ('rescue_evac_entry', 'rescue_evac_arranged') THEN
            EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app WITH CHECK (%s AND %s)', t, adding,
                           format(of_village, t));
        ELSIF t = 'rescue_evac_village' THEN
            EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app WITH CHECK (%s AND %s)', t, adding,
                           covered);
        ELSE
            EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app WITH CHECK (%s)', t, adding);
        END IF;
    END LOOP;
    EXECUTE 'CREATE POLICY app_read ON rescue_evac_household FOR SELECT TO riskmap_app USING (' || personal || ')';
    EXECUTE 'CREATE POLICY app_add ON rescue_evac_household FOR INSERT TO riskmap_app WITH CHECK ('
            || '(SELECT rights_write()) AND ' || personal || ')';
    EXECUTE 'CREATE POLICY app_change ON rescue_evac_household FOR UPDATE TO riskmap_app USING ('
            || '(SELECT rights_write()) AND ' || personal || ') WITH CHECK ((SELECT rights_write()) AND ' || personal
            || ')';
    EXECUTE 'CREATE POLICY app_delete ON rescue_evac_household FOR DELETE TO riskmap_app USING ('
            || '(SELECT rights_write()) AND ' || personal || ')';
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON rescue_evac_household TO riskmap_app';
END
$$;
REVOKE ALL ON FUNCTION rescue_evac_standing(bigint[], timestamptz), rescue_evac_counts(bigint[], timestamptz),
    rescue_evac_in_shelters(bigint[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rescue_evac_standing(bigint[], timestamptz), rescue_evac_counts(bigint[], timestamptz),
    rescue_evac_in_shelters(bigint[], timestamptz) TO riskmap_app;
