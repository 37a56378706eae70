-- What blocks and the memory pool show of payouts, and how lists are told apart. Plain SQL that SQLite and PostgreSQL both take.

-- The height of the block by which a transaction settled; null where it needed none. Undoing the block undoes this.
ALTER TABLE payout_transactions ADD COLUMN settled_height BIGINT;
-- The next sync settles them again, with their heights.
UPDATE payout_transactions SET settled = 0;

-- Transactions that were seen in a block or in the memory pool and are this one, or make all its payments out of a coin of its.
-- Whoever signed them can send them for ever: rows stay.
CREATE TABLE payout_sightings (
    payout_tx_id BIGINT NOT NULL REFERENCES payout_transactions (payout_tx_id),
    txid BYTEA NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (payout_tx_id, txid)
);
CREATE INDEX payout_sightings_by_txid ON payout_sightings (txid);

-- What transactions that spend our coins, and are in none of our lists, pay to others. Rows stay, for the same reason.
CREATE TABLE outgoing_payments (
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    script BYTEA NOT NULL,
    amount_sat BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (txid, vout)
);
CREATE INDEX outgoing_payments_by_script ON outgoing_payments (script);

-- The hash of what a list pays, and 1 when its file itself names each payment.
ALTER TABLE payout_lists ADD COLUMN pays_sha256 BYTEA;
ALTER TABLE payout_lists ADD COLUMN numbered BIGINT NOT NULL DEFAULT 0;
CREATE INDEX payout_lists_by_pays ON payout_lists (pays_sha256) WHERE pays_sha256 IS NOT NULL;

-- A payout_id as it looks: the same for ids that people take for each other.
ALTER TABLE payout_payments ADD COLUMN id_key TEXT;
CREATE INDEX payout_payments_by_id_key ON payout_payments (id_key) WHERE id_key IS NOT NULL;
CREATE INDEX payout_payments_by_script ON payout_payments (script);
