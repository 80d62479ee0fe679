-- Jobs, imports and what they found; codes unique where rights cannot tell two objects apart.

-- 1. Jobs -----------------------------------------------------------------------
-- Who works on a job holds a session's advisory lock on it: a killed worker's lock is gone with its
-- session, and the next worker takes the job up again (docs/decisions/0005-jobs.md).

CREATE TABLE job (
    job_id text PRIMARY KEY,
    kind text NOT NULL,
    title text NOT NULL,
    account_id bigint REFERENCES account,
    actor text NOT NULL,
    rights jsonb NOT NULL,              -- the rights that it was made with, and keeps
    input jsonb NOT NULL,
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    phase text NOT NULL DEFAULT '',
    progress double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    message text,
    cancel boolean NOT NULL DEFAULT false,
    attempts int NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX job_open ON job (made_at) WHERE status IN ('queued', 'running');
CREATE INDEX job_account ON job (account_id, made_at DESC);
CREATE INDEX job_made ON job (made_at DESC);

-- 2. Imports --------------------------------------------------------------------

CREATE TABLE import_file (
    file_id text PRIMARY KEY CHECK (file_id ~ '^f_[0-9a-f]{32}$'),
    account_id bigint NOT NULL REFERENCES account,
    name text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    summary jsonb NOT NULL,             -- kind, encoding, sheets with their first rows and a sample
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE import_run (
    import_id text PRIMARY KEY REFERENCES job (job_id),
    file_id text NOT NULL REFERENCES import_file,
    class text NOT NULL,
    sheet text NOT NULL,
    header_line int NOT NULL,
    header_lines int NOT NULL DEFAULT 1,
    crs text,
    mapping jsonb NOT NULL,             -- column index → target, factor
    dry_run boolean NOT NULL,
    columns jsonb NOT NULL DEFAULT '[]',
    counts jsonb,                       -- read, added, changed, same, back, waiting, ignored
    notes jsonb NOT NULL DEFAULT '[]',
    state bigint,                       -- the state that it made; null: nothing was written
    undone_state bigint,
    undone_by text,
    undone_at timestamptz,
    undone_states bigint[] NOT NULL DEFAULT '{}',   -- more than one where the first could not take back all
    undone_taken bigint,                -- objects that were ended or brought back, over all tries
    undone_left bigint                  -- that stayed
);
CREATE INDEX import_run_state ON import_run (state) WHERE state IS NOT NULL;

CREATE TABLE import_finding (
    finding_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id text NOT NULL REFERENCES import_run ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('back', 'waiting', 'changed', 'ignored', 'note')),
    line int NOT NULL,                  -- as the file numbers it
    faults jsonb NOT NULL DEFAULT '[]',
    cells jsonb NOT NULL DEFAULT '[]',
    object_id bigint,
    object_name text,
    change jsonb
);
CREATE INDEX import_finding_import ON import_finding (import_id, kind, finding_id);

-- What a sender chose by hand, offered again for the same header.
CREATE TABLE import_matching (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    class text NOT NULL,
    header text NOT NULL,               -- normalised
    target text,                        -- null: not imported
    factor numeric,
    PRIMARY KEY (account_id, class, header)
);
-- And the datum that a sender said for a class.
CREATE TABLE import_datum (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    class text NOT NULL,
    crs text NOT NULL,
    PRIMARY KEY (account_id, class)
);

CREATE INDEX import_file_made ON import_file (made_at);
GRANT SELECT, INSERT, UPDATE ON job, import_file, import_run TO riskmap_app;
GRANT SELECT, INSERT, DELETE ON import_finding TO riskmap_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON import_matching, import_datum TO riskmap_app;

-- Bulk writes: the grams of a name were three quarters of what a row cost. Kept in a short list that is
-- sorted in as it fills, they cost half; the list is bounded, so a search reads at most a megabyte of it.
ALTER INDEX risk_object_grams SET (fastupdate = on, gin_pending_list_limit = 1024);
ALTER INDEX object_version_grams SET (fastupdate = on, gin_pending_list_limit = 1024);
-- The same grams in half the time; an index takes no harm from one that comes twice.
CREATE OR REPLACE FUNCTION text_grams(t text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    word text := lower(t);
    grams text[] := '{}';
BEGIN
    FOR i IN 1..length(word) LOOP
        grams := grams || substr(word, i, 1);
        IF i < length(word) THEN
            grams := grams || substr(word, i, 2);
        END IF;
    END LOOP;
    RETURN grams;
END
$$;

-- After much was written: statistics, and the list of grams sorted in. The application owns no table,
-- so it may not say ANALYZE itself.
CREATE FUNCTION settle_register() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM gin_clean_pending_list('risk_object_grams');
    PERFORM gin_clean_pending_list('object_version_grams');
    ANALYZE risk_object;
    ANALYZE object_version;
END
$$;
REVOKE ALL ON FUNCTION settle_register() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_register() TO riskmap_app;

-- 3. Keys of a re-import ----------------------------------------------------------
-- A code is unique among the objects that the same rights decide about. Were it unique over all, the
-- refusal of a code would tell an editor that somebody else's object has it (docs/decisions/0006-codes-within-rights.md).

DROP INDEX risk_object_class_code;
CREATE UNIQUE INDEX risk_object_class_code ON risk_object (class, code, division, department, visibility)
    WHERE code IS NOT NULL AND ended_reason IS NULL;
CREATE INDEX risk_object_code ON risk_object (code) WHERE code IS NOT NULL AND ended_reason IS NULL;
CREATE INDEX risk_object_class_name ON risk_object (class, name);
-- The queue of those that wait for a position, in its order.
CREATE INDEX risk_object_waiting ON risk_object (grade, id) WHERE geom IS NULL;
CREATE INDEX object_version_since ON object_version (lower(known));
