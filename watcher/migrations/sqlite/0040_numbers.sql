-- The next number of each table whose rows are numbered, so that a number is never given twice,
-- also where the newest row was deleted.
CREATE TABLE numbers (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);
INSERT INTO numbers (name, next) SELECT 'wallets', COALESCE(MAX(wallet_no), 0) + 1 FROM wallets;
INSERT INTO numbers (name, next) SELECT 'payout_lists', COALESCE(MAX(list_no), 0) + 1 FROM payout_lists;
INSERT INTO numbers (name, next) SELECT 'payout_transactions', COALESCE(MAX(payout_tx_id), 0) + 1 FROM payout_transactions;

-- Transactions of the memory pool that are of no wallet.
ALTER TABLE pool_strangers RENAME TO pool_unrelated;
