-- Accounts: sessions that are seen, the trail's chain.
SELECT 1;
