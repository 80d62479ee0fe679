-- A mark that is sent from a telephone carries a key of its own: sent again after a broken line, it is written once.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_order_mark ADD COLUMN key text CHECK (key ~ '^[A-Za-z0-9_.:-]{1,80}$');
CREATE UNIQUE INDEX rescue_order_mark_key ON rescue_order_mark (order_id, key) WHERE key IS NOT NULL;
