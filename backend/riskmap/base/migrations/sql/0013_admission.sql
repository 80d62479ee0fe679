-- 新设市场主体安全准入: cases, what happened to them, their papers; the holidays that working days are counted by;
-- maps of where a trade could go. None of it moves the state: a case carries the state that it was decided on.
-- Runs as riskmap_owner inside one transaction.

-- Numbers without a gap, by year: taken in the transaction that writes the case.
CREATE TABLE admission_number (
    year int PRIMARY KEY,
    last int NOT NULL
);

CREATE TABLE admission_case (
    case_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number ~ '^ZR-\d{4}-\d{6,}$'),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    account_id bigint REFERENCES account,
    channel text NOT NULL CHECK (channel IN ('window', 'file', 'api')),
    batch_id text REFERENCES job (job_id),
    line int,                           -- as the daily file numbers it
    name text NOT NULL,
    uscc text,
    address text NOT NULL DEFAULT '',
    industry_code text,
    tags text[] NOT NULL DEFAULT '{}',
    request jsonb NOT NULL,             -- as it was asked: enough to ask it again
    geom geometry(Geometry, 4490) CHECK (ST_IsValid(geom)),
    uncertainty_m double precision,
    division text NOT NULL DEFAULT '',  -- the finest that is loaded: the town that it is handed out to
    department text NOT NULL DEFAULT '',
    -- The question's answer, and what it was decided on; none while it waits for a place.
    state bigint,
    day date,
    ruleset text,
    demo boolean NOT NULL DEFAULT false,
    answer jsonb,
    verdict text CHECK (verdict IN
        ('admit', 'commit_and_admit', 'on_site_check', 'rectify_first', 'refuse_advised', 'pre_licence')),
    status text NOT NULL CHECK (status IN ('unplaced', 'assigned', 'checked', 'refused')),
    due date,
    checked_at timestamptz,
    checked_by text,
    findings jsonb,                     -- of the check on site
    signed_at timestamptz,
    signed_by text,
    signed_verdict text,
    signed_note text,
    closed_at timestamptz,
    closed_by text,
    CHECK ((status = 'unplaced') = (geom IS NULL)),
    CHECK ((answer IS NULL) = (geom IS NULL)),
    CHECK ((signed_at IS NULL) = (signed_by IS NULL AND signed_verdict IS NULL))
);
CREATE INDEX admission_case_status ON admission_case (status, due);
CREATE INDEX admission_case_batch ON admission_case (batch_id, line) WHERE batch_id IS NOT NULL;
CREATE INDEX admission_case_uscc ON admission_case (uscc) WHERE uscc IS NOT NULL;
CREATE INDEX admission_case_division ON admission_case (division text_pattern_ops);

-- What happened, append-only.
CREATE TABLE admission_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL REFERENCES admission_case,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    what text NOT NULL,                 -- made, placed, assigned, checked, signed, uploaded, closed, rerun
    note text NOT NULL DEFAULT '',
    body jsonb
);
CREATE INDEX admission_event_case ON admission_event (case_id, event_id);

-- Signed copies, photographs: the bytes lie in the data folder, named by their hash.
CREATE TABLE admission_file (
    file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL REFERENCES admission_case,
    kind text NOT NULL CHECK (kind IN ('signed', 'photo', 'other')),
    name text NOT NULL,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL
);
CREATE INDEX admission_file_case ON admission_file (case_id);

-- Days that are not as the week says: holidays, and weekends that are worked (调休). By year, as it is published.
CREATE TABLE holiday (
    day date PRIMARY KEY,
    works boolean NOT NULL,
    title text NOT NULL DEFAULT ''
);

-- Maps of where a trade could go, kept by what they were made of; made again when they are lost.
CREATE TABLE admission_suitability (
    key text PRIMARY KEY,
    state bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body bytea NOT NULL
);
CREATE INDEX admission_suitability_made ON admission_suitability (made_at);

DO $$
DECLARE
    mine constant text :=
        '((SELECT rights_tier()) >= 1 AND ((account_id IS NOT NULL AND account_id = (SELECT rights_account())) OR ('
        '((SELECT rights_areas()) IS NULL OR division LIKE ANY ((SELECT rights_areas())::text[]))'
        ' AND ((SELECT rights_departments()) IS NULL OR department = ANY ((SELECT rights_departments())::text[])))))';
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['admission_case', 'admission_event', 'admission_file'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
    END LOOP;
    EXECUTE 'CREATE POLICY app_read ON admission_case FOR SELECT TO riskmap_app USING ' || mine;
    -- Who may check a place is the service's to say; nobody writes a case in another's name.
    EXECUTE 'CREATE POLICY app_add ON admission_case FOR INSERT TO riskmap_app
             WITH CHECK ((SELECT rights_tier()) >= 1 AND (account_id IS NULL OR account_id = (SELECT rights_account())))';
    EXECUTE 'CREATE POLICY app_change ON admission_case FOR UPDATE TO riskmap_app USING ' || mine ||
            ' WITH CHECK ((SELECT rights_tier()) >= 1)';
    FOREACH t IN ARRAY ARRAY['admission_event', 'admission_file'] LOOP
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app
                        USING (EXISTS (SELECT FROM admission_case AS c WHERE c.case_id = %I.case_id))', t, t);
        EXECUTE format('CREATE POLICY app_add ON %I FOR INSERT TO riskmap_app
                        WITH CHECK (EXISTS (SELECT FROM admission_case AS c WHERE c.case_id = %I.case_id))', t, t);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON admission_number TO riskmap_app;
GRANT SELECT, INSERT, UPDATE ON admission_case TO riskmap_app;
GRANT SELECT, INSERT ON admission_event, admission_file TO riskmap_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON holiday, admission_suitability TO riskmap_app;
