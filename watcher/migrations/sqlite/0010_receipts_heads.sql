-- What receipts told of journals, and how signatures came back. Plain SQL that SQLite and PostgreSQL both take.

-- Where a vault's journal stood by a verified receipt, as long as no later receipt said that its journal holds that head.
CREATE TABLE receipt_heads (
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    vault_id BYTEA NOT NULL,
    journal_count BIGINT NOT NULL,
    journal_head BYTEA NOT NULL,
    PRIMARY KEY (wallet_no, vault_id, journal_count, journal_head)
);
INSERT INTO receipt_heads (wallet_no, vault_id, journal_count, journal_head)
SELECT wallet_no, vault_id, journal_count, journal_head FROM receipts;

-- Whether a list was made into a bundle that asks the signer for its journal; each later bundle of it asks the same.
ALTER TABLE payout_lists ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;
CREATE TABLE payout_asked (
    list_no BIGINT NOT NULL REFERENCES payout_lists (list_no),
    vault_id BYTEA NOT NULL,
    journal_count BIGINT NOT NULL,
    journal_head BYTEA NOT NULL,
    PRIMARY KEY (list_no, vault_id, journal_count, journal_head)
);

-- What the receipt of a transaction's signatures was worth: 'verified', 'unverified' (the wallet has no receipt key), or the
-- code of the warning that came with it; null where signatures came without one. 'earlier' came before this was noted.
ALTER TABLE payout_transactions ADD COLUMN receipt TEXT;
UPDATE payout_transactions SET receipt = 'earlier' WHERE signed_tx IS NOT NULL;
