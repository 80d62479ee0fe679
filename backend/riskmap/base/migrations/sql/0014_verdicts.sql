-- Why an object has no level: its rule has none for it (不构成重大危险源), or lacks something (未评定，缺厂区边界).
-- As columns, since tiles, counts and lists ask it of every row. Runs as riskmap_owner inside one transaction.

ALTER TABLE risk_object
    ADD COLUMN level_outside text,      -- the class's own scale, where its rule found no level on it for the object
    ADD COLUMN level_verdict text,      -- what the rule said where no level came of it
    ADD CHECK (level_scale IS NULL OR (level_outside IS NULL AND level_verdict IS NULL));
ALTER TABLE object_version ADD COLUMN level_outside text, ADD COLUMN level_verdict text;

-- What was graded before has it in its record.
CREATE FUNCTION pg_temp.told(grading jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT r FROM jsonb_array_elements(grading) AS r
    WHERE r ->> 'how' = 'computed' AND r ->> 'scale' NOT IN ('', 'risk-grade') AND r ->> 'value' IS NULL
    LIMIT 1
$$;
UPDATE risk_object SET
    level_outside = CASE WHEN pg_temp.told(grading) ->> 'standing' = 'outside' THEN pg_temp.told(grading) ->> 'scale' END,
    level_verdict = pg_temp.told(grading) ->> 'verdict'
WHERE level_scale IS NULL AND grading <> '[]' AND pg_temp.told(grading) IS NOT NULL;
UPDATE object_version SET
    level_outside = CASE WHEN pg_temp.told(grading) ->> 'standing' = 'outside' THEN pg_temp.told(grading) ->> 'scale' END,
    level_verdict = pg_temp.told(grading) ->> 'verdict'
WHERE level_scale IS NULL AND grading <> '[]' AND pg_temp.told(grading) IS NOT NULL;
