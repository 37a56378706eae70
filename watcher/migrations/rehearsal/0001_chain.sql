-- The rehearsal chain. Hashes and txids are 32 bytes in the order that they are serialised in.

-- The best chain, from the genesis block of regtest on.
CREATE TABLE blocks (
    height BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    raw BYTEA NOT NULL,
    time BIGINT NOT NULL,
    -- The median time of this block and the ten before it (BIP113).
    median_time BIGINT NOT NULL
);

-- Every output of the chain; spent ones stay, so that blocks can be undone.
CREATE TABLE coins (
    txid BYTEA NOT NULL,
    vout BIGINT NOT NULL,
    amount_sat BIGINT NOT NULL,
    script BYTEA NOT NULL,
    height BIGINT NOT NULL,
    coinbase BIGINT NOT NULL,
    spent_height BIGINT,
    PRIMARY KEY (txid, vout)
);
CREATE INDEX coins_by_height ON coins (height);
CREATE INDEX coins_by_spent_height ON coins (spent_height) WHERE spent_height IS NOT NULL;
CREATE INDEX coins_unspent_by_script ON coins (script) WHERE spent_height IS NULL;

-- The memory pool, in the order of arrival.
CREATE TABLE pool (
    position BIGINT NOT NULL PRIMARY KEY,
    txid BYTEA NOT NULL UNIQUE,
    raw BYTEA NOT NULL,
    fee_sat BIGINT NOT NULL,
    -- Signature operations, weighted (BIP141).
    sigop_cost BIGINT NOT NULL
);
