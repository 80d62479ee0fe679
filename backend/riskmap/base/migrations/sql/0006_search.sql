-- Search: how names are spelt, 统一社会信用代码, and the gazetteer of addresses and places.
-- Array containment and LIKE are not leakproof, so under row security they would get no index: the
-- functions here run as the owner and apply the rights themselves, as search_objects does. They give
-- candidates only: what a reader sees of one, and whether it is a hit in the form that he gets, is
-- decided by the selection's predicate. `most` bounds what one question can cost.

-- 1. Spelling: LiHuXiaoXue; its capitals are its initials -----------------------------

CREATE FUNCTION spelling_initials(spelling text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT translate(spelling, 'abcdefghijklmnopqrstuvwxyz', '') $$;
-- Pairs of initials: two letters are the shortest question that is worth asking.
CREATE FUNCTION spelling_grams(spelling text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(array_agg(DISTINCT substr(translate(spelling, 'abcdefghijklmnopqrstuvwxyz', ''), i, 2)), '{}')
    FROM generate_series(1, length(translate(spelling, 'abcdefghijklmnopqrstuvwxyz', '')) - 1) AS i
$$;
CREATE INDEX risk_object_spelling ON risk_object USING gin (spelling_grams(spelling)) WITH (fastupdate = off);

-- 2. 统一社会信用代码 ------------------------------------------------------------------

CREATE INDEX risk_object_uscc ON risk_object ((attributes ->> 'uscc') text_pattern_ops) WHERE attributes ? 'uscc';

DO $$
DECLARE
    inner_half constant text :=
        '((SELECT rights_tier()) >= 1 AND (SELECT rights_tier()) >= visibility'
        ' AND ((SELECT rights_areas()) IS NULL OR division LIKE ANY ((SELECT rights_areas())::text[]))'
        ' AND ((SELECT rights_departments()) IS NULL OR department = ANY ((SELECT rights_departments())::text[]))'
        ' AND ((SELECT rights_classes()) IS NULL OR class = ANY ((SELECT rights_classes())::text[])))';
    public_half constant text := '(visibility = 0 AND (SELECT rights_tier()) IS NOT NULL)';
    -- Live objects and the others are asked for apart: the others come last.
    life constant text :=
        'ended_reason IS NULL AND (stage = ANY (''{in_use,suspended,closing,striking_off}'')) = live LIMIT most';
    -- A plan for any question: with an index, also where the planner does not know how many it will find.
    kind constant text :=
        ' RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER'
        ' SET search_path = public, pg_temp SET enable_seqscan = off ROWS 200 AS ';
BEGIN
    -- Name or code holds q.
    EXECUTE 'CREATE FUNCTION find_by_text(q text, live boolean, most int)' || kind || quote_literal(
        'SELECT id FROM risk_object WHERE text_grams(search_text(name, code)) @> query_grams(q)'
        ' AND strpos(lower(search_text(name, code)), lower(q)) > 0'
        ' AND (' || public_half || ' OR ' || inner_half || ') AND ' || life);
    -- The initials follow each other in the spelling; where `typed` is given, its letters too.
    EXECUTE 'CREATE FUNCTION find_by_spelling(initials text, typed text, live boolean, most int)' || kind || quote_literal(
        'SELECT id FROM risk_object WHERE spelling_grams(spelling) @> spelling_grams(initials)'
        ' AND strpos(spelling_initials(spelling), initials) > 0'
        ' AND (typed IS NULL OR strpos(lower(spelling), typed) > 0)'
        ' AND (' || public_half || ' OR ' || inner_half || ') AND ' || life);
    -- The code begins with q, in classes whose field this reader may read in that form.
    EXECUTE 'CREATE FUNCTION find_by_uscc(q text, readable text[], readable_public text[], live boolean, most int)'
        || kind || quote_literal(
        'SELECT id FROM risk_object WHERE attributes ? ''uscc'''
        ' AND attributes ->> ''uscc'' ~>=~ q AND attributes ->> ''uscc'' ~<~ (q || ''~'')'
        ' AND ((' || public_half || ' AND class = ANY (readable_public))'
        ' OR (' || inner_half || ' AND class = ANY (readable))) AND ' || life);
END
$$;
REVOKE ALL ON FUNCTION find_by_text(text, boolean, int), find_by_spelling(text, text, boolean, int),
    find_by_uscc(text, text[], text[], boolean, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_by_text(text, boolean, int), find_by_spelling(text, text, boolean, int),
    find_by_uscc(text, text[], text[], boolean, int) TO riskmap_app;

-- 3. The gazetteer: addresses and names of places. One table for search and for imports ------

CREATE TABLE gazetteer_source (
    source text PRIMARY KEY,
    visibility smallint NOT NULL CHECK (visibility BETWEEN 0 AND 2),
    file text NOT NULL,
    crs text NOT NULL,              -- the datum of the sender's numbers
    places int NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text NOT NULL
);
CREATE TABLE gazetteer_place (
    place_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL REFERENCES gazetteer_source ON DELETE CASCADE,
    visibility smallint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('door', 'place', 'road', 'village', 'town')),
    name text NOT NULL,
    address text NOT NULL DEFAULT '',
    division text NOT NULL DEFAULT '',
    key text NOT NULL,              -- name and address as they are compared: plain letters, no spaces
    spelling text NOT NULL,
    lon double precision NOT NULL,  -- CGCS2000
    lat double precision NOT NULL
);
CREATE INDEX gazetteer_place_source ON gazetteer_place (source);
CREATE INDEX gazetteer_place_grams ON gazetteer_place USING gin (text_grams(key)) WITH (fastupdate = off);
-- House numbers are not spelt: nobody looks for one by its street's initials.
CREATE INDEX gazetteer_place_spelling ON gazetteer_place USING gin (spelling_grams(spelling))
    WITH (fastupdate = off) WHERE kind <> 'door';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['gazetteer_source', 'gazetteer_place'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_all ON %I TO riskmap_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY app_read ON %I FOR SELECT TO riskmap_app USING ((SELECT rights_tier()) >= visibility)', t);
        EXECUTE format('CREATE POLICY app_insert ON %I FOR INSERT TO riskmap_app WITH CHECK ((SELECT rights_write()))', t);
        EXECUTE format('CREATE POLICY app_delete ON %I FOR DELETE TO riskmap_app USING ((SELECT rights_write()))', t);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE ON gazetteer_source, gazetteer_place TO riskmap_app;

CREATE FUNCTION find_places(q text, kinds text[], most int) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off ROWS 200 AS $$
    SELECT place_id FROM gazetteer_place
    WHERE text_grams(key) @> query_grams(q) AND strpos(key, q) > 0
        AND kind = ANY (kinds) AND (SELECT rights_tier()) >= visibility
    LIMIT most
$$;
CREATE FUNCTION find_places_by_spelling(initials text, typed text, most int) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off ROWS 200 AS $$
    SELECT place_id FROM gazetteer_place
    WHERE kind <> 'door' AND spelling_grams(spelling) @> spelling_grams(initials)
        AND strpos(spelling_initials(spelling), initials) > 0
        AND (typed IS NULL OR strpos(lower(spelling), typed) > 0)
        AND (SELECT rights_tier()) >= visibility
    LIMIT most
$$;
REVOKE ALL ON FUNCTION find_places(text, text[], int), find_places_by_spelling(text, text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_places(text, text[], int), find_places_by_spelling(text, text, int) TO riskmap_app;
