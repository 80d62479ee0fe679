-- Numbers of incidents, orders and plan drafts have no gaps, and exercises have their own: the service gives them
-- (rescue/numbers.py), for a sequence counts what is rolled back, and everything as one. What is real stays below what is
-- exercised; exercises that were numbered among the real ones before keep their numbers.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_incident ALTER COLUMN incident_id DROP IDENTITY, ADD CHECK (exercise OR incident_id <= 9000000);
ALTER TABLE rescue_order ALTER COLUMN order_id DROP IDENTITY, ADD CHECK (exercise OR order_id <= 9000000);
ALTER TABLE rescue_plan ALTER COLUMN plan_id DROP IDENTITY, ADD CHECK (exercise OR plan_id <= 9000000);
