-- Goods that come in from outside: bought, given, sent by the province.
-- Runs as riskmap_owner inside one transaction.

ALTER TABLE rescue_goods_move DROP CONSTRAINT rescue_goods_move_what_check;
ALTER TABLE rescue_goods_move ADD CONSTRAINT rescue_goods_move_what_check
    CHECK (what IN ('issue', 'return', 'transfer', 'receive'));
