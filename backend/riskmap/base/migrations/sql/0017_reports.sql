-- 三单一图一报告: sets of products from one frozen state, what happened to them. None of it moves the state.
-- Runs as riskmap_owner inside one transaction.

-- Numbers without a gap, by year: taken in the transaction that writes the set.
CREATE TABLE report_number (
    year int PRIMARY KEY,
    last int NOT NULL
);

CREATE TABLE report_set (
    report_id text PRIMARY KEY CHECK (report_id ~ '^rp_[0-9a-f]{32}$'),
    number text NOT NULL CHECK (number ~ '^FX-\d{4}-\d{3,}$'),
    version int NOT NULL CHECK (version > 0),
    title text NOT NULL,
    division text NOT NULL DEFAULT '',
    selection jsonb NOT NULL,           -- as it was parsed: enough to ask it again
    options jsonb NOT NULL,             -- sheets, products, maker, secrecy, …
    state bigint NOT NULL,
    day date NOT NULL,
    data_at timestamptz NOT NULL,       -- when that state was made
    mark text,                          -- of invented data
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    account_id bigint REFERENCES account,
    -- The rights that it was made with: only who sees as much may see it.
    rights jsonb NOT NULL,
    tier smallint NOT NULL,
    areas text[] NOT NULL,
    departments text[] NOT NULL,
    classes text[] NOT NULL,
    job_id text NOT NULL REFERENCES job (job_id),  -- the last that works on it: how far it is, how it failed
    stage text NOT NULL DEFAULT 'draft' CHECK (stage IN ('draft', 'reviewed', 'issued', 'withdrawn')),
    reviewed_at timestamptz,
    reviewed_by text,
    issued_at timestamptz,
    issued_by text,
    withdrawn_at timestamptz,
    withdrawn_by text,
    checksum text CHECK (checksum ~ '^[0-9a-f]{64}$'),
    figures jsonb,
    objects jsonb,                      -- [[id, grade], …] of what is 较大 or worse: what the next issue compares with
    changes jsonb,                      -- against the issue before
    previous text REFERENCES report_set,
    folder text,                        -- under the data folder, where its files lie
    files jsonb,
    UNIQUE (number, version),
    -- A set is whole or has nothing.
    CHECK ((checksum IS NULL) = (files IS NULL) AND (checksum IS NULL) = (figures IS NULL)),
    CHECK (stage <> 'issued' OR (checksum IS NOT NULL AND issued_by IS NOT NULL AND reviewed_by IS NOT NULL))
);
CREATE INDEX report_set_made ON report_set (made_at DESC);

-- What happened, append-only.
CREATE TABLE report_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id text NOT NULL REFERENCES report_set,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    what text NOT NULL,                 -- made, again, done, failed, reviewed, issuing, issued, returned, withdrawn
    note text NOT NULL DEFAULT ''
);
CREATE INDEX report_event_set ON report_event (report_id, event_id);

-- Whether this transaction's rights hold all of those: tier, areas, departments, classes (empty: no limit).
CREATE FUNCTION rights_cover(tier smallint, areas text[], departments text[], classes text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(rights_tier() >= 1 AND rights_tier() >= tier, false)
        AND (tier = 0 OR (
            (rights_areas() IS NULL OR (areas <> '{}' AND NOT EXISTS (
                SELECT FROM unnest(areas) AS a WHERE NOT a LIKE ANY (rights_areas()))))
            AND (rights_departments() IS NULL OR (departments <> '{}' AND departments <@ rights_departments()))
            AND (rights_classes() IS NULL OR (classes <> '{}' AND classes <@ rights_classes()))))
$$;
GRANT EXECUTE ON FUNCTION rights_cover(smallint, text[], text[], text[]) TO riskmap_app;

DO $$
DECLARE
    seen constant text := 'rights_cover(tier, areas, departments, classes)';
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['report_set', 'report_event'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
    END LOOP;
    EXECUTE 'CREATE POLICY app_read ON report_set FOR SELECT TO riskmap_app USING (' || seen || ')';
    EXECUTE 'CREATE POLICY app_add ON report_set FOR INSERT TO riskmap_app WITH CHECK ((SELECT rights_write()) AND '
            || seen || ')';
    EXECUTE 'CREATE POLICY app_change ON report_set FOR UPDATE TO riskmap_app USING ((SELECT rights_write()) AND '
            || seen || ') WITH CHECK ((SELECT rights_write()) AND ' || seen || ')';
    EXECUTE 'CREATE POLICY app_read ON report_event FOR SELECT TO riskmap_app
             USING (EXISTS (SELECT FROM report_set AS s WHERE s.report_id = report_event.report_id))';
    EXECUTE 'CREATE POLICY app_add ON report_event FOR INSERT TO riskmap_app
             WITH CHECK (EXISTS (SELECT FROM report_set AS s WHERE s.report_id = report_event.report_id))';
END
$$;
GRANT SELECT, INSERT, UPDATE ON report_number TO riskmap_app;
GRANT SELECT, INSERT, UPDATE ON report_set TO riskmap_app;
GRANT SELECT, INSERT ON report_event TO riskmap_app;
