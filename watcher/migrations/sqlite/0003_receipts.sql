-- Receipts of the signer. Plain SQL that SQLite and PostgreSQL both take.

-- The x-only public key that receipts of a wallet's signer verify with; null where its file names none.
ALTER TABLE wallets ADD COLUMN receipt_key BYTEA;

-- The farthest state of each vault that a verified receipt of a wallet showed.
CREATE TABLE receipts (
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    vault_id BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    journal_count BIGINT NOT NULL,
    journal_head BYTEA NOT NULL,
    PRIMARY KEY (wallet_no, vault_id)
);
