-- 新设市场主体安全准入: where an entity of a daily file is, in the sender's own words, and why that was no place.
-- Runs as riskmap_owner inside one transaction.

-- x, y (as they were written), crs, address; why: a code, null where the place was found.
ALTER TABLE admission_case ADD COLUMN sent jsonb;
