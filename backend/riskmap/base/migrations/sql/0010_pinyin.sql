-- Names in the order in which a Chinese reader looks for them: by pinyin, numbers by their value (2 号 before 10 号).
-- Runs as riskmap_owner inside one transaction.

DO $$
BEGIN
    CREATE COLLATION pinyin (provider = icu, locale = 'zh-u-kn-true');
EXCEPTION WHEN feature_not_supported THEN
    -- A server that is built without ICU has no such order: names stand by their code points, and `migrate` says so.
    CREATE COLLATION pinyin FROM "C";
END
$$;
-- One page of a list by name, whatever the number of objects. A new ICU may order otherwise: `migrate` then
-- builds this anew (base/migrate.py).
CREATE INDEX risk_object_name ON risk_object (name COLLATE pinyin, id);
