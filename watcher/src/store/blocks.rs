//! The tables `blocks` and `transactions`: the best chain as far as it was searched, and our
//! transactions in it.

use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, Txid};
use sqlx::AssertSqlSafe;

use super::facts::{self, Fact};
use super::{Connection, StoreError, payouts, rows};
use crate::tip::Tip;

/// How many blocks, its own counted, put a transaction beyond every reorganisation that is reckoned
/// with.
pub const SETTLED_CONFIRMATIONS: u32 = 100;

/// Rows in one statement, of three values each.
const ROWS_AT_ONCE: usize = 100;

/// Returns the highest block that was searched.
pub async fn tip(db: &mut Connection) -> Result<Option<Tip>, StoreError> {
    below(db, u32::MAX).await
}

/// Returns the highest block of the ledger below a height.
pub async fn below(db: &mut Connection, height: u32) -> Result<Option<Tip>, StoreError> {
    let sql = "SELECT height, hash FROM blocks WHERE height < $1 ORDER BY height DESC LIMIT 1";
    let row = sqlx::query(sql)
        .bind(i64::from(height))
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Tip {
            height: rows::number(&row, "height")?,
            hash: rows::block_hash(&row, "hash")?,
        })
    })
    .transpose()
}

/// Returns the hash of the block at a height, if it was searched.
pub async fn hash(db: &mut Connection, height: u32) -> Result<Option<BlockHash>, StoreError> {
    let row = sqlx::query("SELECT hash FROM blocks WHERE height = $1")
        .bind(i64::from(height))
        .fetch_optional(db)
        .await?;
    row.map(|row| rows::block_hash(&row, "hash")).transpose()
}

/// Returns the blocks of the ledger from one height to another, in their order.
pub async fn between(db: &mut Connection, first: u32, last: u32) -> Result<Vec<Tip>, StoreError> {
    let sql = "SELECT height, hash FROM blocks WHERE height BETWEEN $1 AND $2 ORDER BY height";
    let rows = sqlx::query(sql)
        .bind(i64::from(first))
        .bind(i64::from(last));
    let rows = rows.fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(Tip {
                height: rows::number(row, "height")?,
                hash: rows::block_hash(row, "hash")?,
            })
        })
        .collect()
}

/// Adds blocks, each with the time in its header; those that are there stay.
pub async fn insert(db: &mut Connection, blocks: &[(Tip, u32)]) -> Result<(), StoreError> {
    for part in blocks.chunks(ROWS_AT_ONCE) {
        let places = rows::places(part.len(), 3);
        let sql = format!(
            "INSERT INTO blocks (height, hash, time) VALUES {places} ON CONFLICT (height) DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (block, time) in part {
            query = query
                .bind(i64::from(block.height))
                .bind(block.hash.to_byte_array().to_vec())
                .bind(i64::from(*time));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Notes that one of our transactions is in the block at a height.
pub async fn insert_transaction(
    db: &mut Connection,
    txid: Txid,
    height: u32,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO transactions (txid, height) VALUES ($1, $2) ON CONFLICT (txid) DO UPDATE SET height = $2";
    sqlx::query(sql)
        .bind(&txid.to_byte_array()[..])
        .bind(i64::from(height))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the height of the block that holds one of our transactions.
pub async fn height_of(db: &mut Connection, txid: Txid) -> Result<Option<u32>, StoreError> {
    let row = sqlx::query("SELECT height FROM transactions WHERE txid = $1")
        .bind(&txid.to_byte_array()[..])
        .fetch_optional(db)
        .await?;
    row.map(|row| rows::number(&row, "height")).transpose()
}

/// Returns the number of blocks above a height that were searched.
pub async fn count_above(db: &mut Connection, height: u32) -> Result<u32, StoreError> {
    let row =
        sqlx::query("SELECT CAST(COUNT(*) AS BIGINT) AS blocks FROM blocks WHERE height > $1")
            .bind(i64::from(height))
            .fetch_one(db)
            .await?;
    rows::number(&row, "blocks")
}

/// Returns the time in the header of the block at a height, if it was searched.
pub async fn time(db: &mut Connection, height: u32) -> Result<Option<u32>, StoreError> {
    let row = sqlx::query("SELECT time FROM blocks WHERE height = $1")
        .bind(i64::from(height))
        .fetch_optional(db)
        .await?;
    row.map(|row| rows::number(&row, "time")).transpose()
}

/// Undoes every block above a height: their coins vanish, the coins they spent are unspent again,
/// wallets are to be searched from there on, payouts that they settled are open. With `None`, every
/// block is undone.
///
/// Until a sync has come to its end, nothing is planned: what payouts reserve follows the blocks
/// only then.
pub async fn undo_above(db: &mut Connection, height: Option<u32>) -> Result<(), StoreError> {
    let floor = height.map_or(-1, i64::from);
    for sql in [
        "DELETE FROM coins WHERE height > $1",
        "UPDATE coins SET spent_txid = NULL, spent_height = NULL WHERE spent_height > $1",
        "DELETE FROM transactions WHERE height > $1",
        "DELETE FROM blocks WHERE height > $1",
    ] {
        sqlx::query(sql).bind(floor).execute(&mut *db).await?;
    }
    let sql = "UPDATE wallets SET next_height = $1 WHERE next_height > $1";
    sqlx::query(sql).bind(floor + 1).execute(&mut *db).await?;
    // Those whose block stays, but is no longer as deep.
    payouts::reopen_above(
        db,
        height.map(|height| i64::from(height) - i64::from(SETTLED_CONFIRMATIONS) + 1),
    )
    .await?;
    facts::forget(db, Fact::SyncedHeight).await?;
    let pruned = facts::get(db, Fact::PrunedHeight).await?;
    if pruned
        .and_then(|pruned| pruned.parse::<i64>().ok())
        .is_some_and(|pruned| pruned > floor)
    {
        facts::set(db, Fact::PrunedHeight, &floor.to_string()).await?;
    }
    Ok(())
}
