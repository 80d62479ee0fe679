-- A graver level allows less time: an act that goes on has the clock of the new level where it ends first, and one that
-- is asked for again has its own. minutes: from this mark on.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_act_mark ADD COLUMN minutes int CHECK (minutes > 0);
ALTER TABLE rescue_act_mark DROP CONSTRAINT rescue_act_mark_what_check;
ALTER TABLE rescue_act_mark ADD CONSTRAINT rescue_act_mark_what_check
    CHECK (what IN ('done', 'not_applicable', 'open', 'dropped', 'assigned', 'timed'));
