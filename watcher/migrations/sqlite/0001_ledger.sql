-- The ledger: wallets, scripts, blocks, coins. Plain SQL that SQLite and PostgreSQL both take.
-- Hashes and txids are 32 bytes in the order that they are serialised in; amounts are satoshis; times are seconds
-- since 1970.

-- Facts about the ledger itself: 'network', 'chain', 'pruned_height'.
CREATE TABLE ledger_facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Who may sync or broadcast. A write under a lease checks holder, epoch and expiry in its own transaction.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE wallets (
    wallet_no BIGINT NOT NULL PRIMARY KEY,
    wallet_id BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    gap BIGINT NOT NULL,
    -- The next block to search for this wallet; null until its first sync finds where to begin.
    next_height BIGINT,
    imported_at BIGINT NOT NULL
);

CREATE TABLE branches (
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    branch BIGINT NOT NULL,
    -- The lowest index that is neither used on the chain nor handed out, nor below such a one.
    next_index BIGINT NOT NULL,
    -- The scripts of the indices below this one are in the table scripts.
    covered BIGINT NOT NULL,
    PRIMARY KEY (wallet_no, branch)
);

CREATE TABLE scripts (
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    branch BIGINT NOT NULL,
    address_index BIGINT NOT NULL,
    script BYTEA NOT NULL UNIQUE,
    PRIMARY KEY (wallet_no, branch, address_index)
);

-- The best chain, as far as it was searched.
CREATE TABLE blocks (
    height BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    time BIGINT NOT NULL
);

-- Confirmed transactions that pay or spend a coin of ours.
CREATE TABLE transactions (
    txid BYTEA NOT NULL PRIMARY KEY,
    height BIGINT NOT NULL
);
CREATE INDEX transactions_by_height ON transactions (height);

-- Confirmed coins of all wallets, spent ones too.
CREATE TABLE coins (
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    branch BIGINT NOT NULL,
    address_index BIGINT NOT NULL,
    amount_sat BIGINT NOT NULL,
    height BIGINT NOT NULL,
    coinbase BIGINT NOT NULL,
    spent_txid BYTEA,
    spent_height BIGINT,
    PRIMARY KEY (txid, vout)
);
CREATE INDEX coins_unspent ON coins (wallet_no, height, amount_sat, coinbase) WHERE spent_height IS NULL;
CREATE INDEX coins_by_height ON coins (height);
CREATE INDEX coins_by_spent_height ON coins (spent_height) WHERE spent_height IS NOT NULL;

-- Raw transactions that made unspent coins whose signature needs them: all but taproot ones.
CREATE TABLE previous_transactions (
    txid BYTEA NOT NULL PRIMARY KEY,
    raw BYTEA NOT NULL
);

-- Transactions of the memory pool that pay or spend a coin of ours; replaced at every sync.
CREATE TABLE pool_transactions (
    txid BYTEA NOT NULL PRIMARY KEY,
    first_seen BIGINT NOT NULL
);
CREATE TABLE pool_coins (
    txid BYTEA NOT NULL REFERENCES pool_transactions (txid) ON DELETE CASCADE,
    vout BIGINT NOT NULL,
    wallet_no BIGINT NOT NULL REFERENCES wallets (wallet_no),
    branch BIGINT NOT NULL,
    address_index BIGINT NOT NULL,
    amount_sat BIGINT NOT NULL,
    PRIMARY KEY (txid, vout)
);
CREATE TABLE pool_spends (
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    spender BYTEA NOT NULL REFERENCES pool_transactions (txid) ON DELETE CASCADE,
    PRIMARY KEY (txid, vout, spender)
);
CREATE INDEX pool_spends_by_spender ON pool_spends (spender);
-- Transactions of the memory pool that were read and are none of ours, so that the next sync reads only new ones.
CREATE TABLE pool_strangers (
    txid BYTEA NOT NULL PRIMARY KEY
);
