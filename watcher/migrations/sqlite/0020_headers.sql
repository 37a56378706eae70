-- Headers of the best chain that were checked. Plain SQL that SQLite and PostgreSQL both take.

-- Without gaps, up to the tip: as many as a reorganisation may undo, and as their difficulty and times need.
CREATE TABLE headers (
    height BIGINT NOT NULL PRIMARY KEY,
    -- The 80 bytes of the header.
    header BYTEA NOT NULL,
    -- The work of all headers up to this one, from where their check began: 32 bytes, the most significant first.
    work BYTEA NOT NULL
);

-- The memory pool is read again: what spends our coins there has to be signed.
DELETE FROM pool_spends;
DELETE FROM pool_coins;
DELETE FROM pool_transactions;
DELETE FROM pool_strangers;
