-- Payouts and what they reserve. Plain SQL that SQLite and PostgreSQL both take.

-- What was planned in one go: a payout list, coins to be split, or transactions that make others impossible.
CREATE TABLE payout_lists (
    list_no BIGINT NOT NULL PRIMARY KEY,
    list_id TEXT NOT NULL UNIQUE,
    -- 'payout', 'split' or 'cancel'.
    kind TEXT NOT NULL,
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    created_at BIGINT NOT NULL,
    -- The format and SHA-256 of the file it came from; null where there was none.
    format TEXT,
    file_sha256 BYTEA,
    sat_per_kvb BIGINT NOT NULL,
    max_weight BIGINT NOT NULL,
    seed TEXT NOT NULL
);
CREATE INDEX payout_lists_by_file ON payout_lists (file_sha256) WHERE file_sha256 IS NOT NULL;

-- What this ledger did with each transaction; what the chain did stands in coins and transactions.
CREATE TABLE payout_transactions (
    payout_tx_id BIGINT NOT NULL PRIMARY KEY,
    list_no BIGINT NOT NULL REFERENCES payout_lists (list_no),
    number BIGINT NOT NULL,
    unsigned_tx BYTEA NOT NULL,
    -- The txid once signed; null as long as signatures can change it.
    txid BYTEA,
    signed_tx BYTEA,
    fee_sat BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    change_sat BIGINT,
    change_index BIGINT,
    anchor_txid BYTEA NOT NULL,
    anchor_vout BIGINT NOT NULL,
    -- 'planned', 'exported', 'signed' or 'broadcast': the farthest it got.
    progress TEXT NOT NULL,
    cancelling_since BIGINT,
    -- The transaction that this one makes impossible.
    cancels BIGINT REFERENCES payout_transactions (payout_tx_id),
    exported_at BIGINT,
    signed_at BIGINT,
    broadcast_at BIGINT,
    -- 1 when no block that may still be undone can change its state.
    settled BIGINT NOT NULL,
    UNIQUE (list_no, number)
);
CREATE INDEX payout_transactions_by_txid ON payout_transactions (txid) WHERE txid IS NOT NULL;
CREATE INDEX payout_transactions_open ON payout_transactions (payout_tx_id) WHERE settled = 0;
CREATE INDEX payout_transactions_by_cancels ON payout_transactions (cancels) WHERE cancels IS NOT NULL;

CREATE TABLE payout_inputs (
    payout_tx_id BIGINT NOT NULL REFERENCES payout_transactions (payout_tx_id),
    position BIGINT NOT NULL,
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    amount_sat BIGINT NOT NULL,
    branch BIGINT NOT NULL,
    address_index BIGINT NOT NULL,
    PRIMARY KEY (payout_tx_id, position)
);
CREATE INDEX payout_inputs_by_coin ON payout_inputs (txid, vout);

CREATE TABLE payout_payments (
    list_no BIGINT NOT NULL REFERENCES payout_lists (list_no),
    position BIGINT NOT NULL,
    payout_id TEXT,
    script BYTEA NOT NULL,
    amount_sat BIGINT NOT NULL,
    name TEXT,
    reference TEXT,
    -- The index on the receive branch of a payment to the wallet itself.
    own_index BIGINT,
    payout_tx_id BIGINT NOT NULL REFERENCES payout_transactions (payout_tx_id),
    output_index BIGINT NOT NULL,
    fee_share_sat BIGINT NOT NULL,
    PRIMARY KEY (list_no, position)
);
CREATE INDEX payout_payments_by_id ON payout_payments (payout_id) WHERE payout_id IS NOT NULL;

-- Coins that a payout's transaction reserves, until it is final or cancelled.
CREATE TABLE coin_locks (
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    payout_tx_id BIGINT NOT NULL REFERENCES payout_transactions (payout_tx_id),
    PRIMARY KEY (txid, vout)
);
CREATE INDEX coin_locks_by_transaction ON coin_locks (payout_tx_id);
