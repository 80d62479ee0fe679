-- 等级待复核: a line keeps all that caused it, and says whether the level would change or only the value behind it.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE grade_review ADD COLUMN kind text NOT NULL DEFAULT 'level' CHECK (kind IN ('level', 'value'));
ALTER TABLE grade_review ADD COLUMN causes jsonb NOT NULL DEFAULT '[]';
UPDATE grade_review SET causes = jsonb_build_array(cause);
ALTER TABLE grade_review DROP COLUMN cause;
