-- What a job came to, where no table of its own says it: counts for whoever watches, faults for what is given back.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE job ADD COLUMN result jsonb;
-- The daily file asks whether an entity without a code is known already.
CREATE INDEX admission_case_name ON admission_case (name);
