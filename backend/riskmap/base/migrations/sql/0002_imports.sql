-- Jobs and imports.
SELECT 1;
