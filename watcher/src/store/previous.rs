//! The table `previous_transactions`: raw transactions that signers of segwit v0 and legacy coins
//! must see, and those that are known as ours by their content alone.

use bitcoin::consensus::encode;
use bitcoin::hashes::Hash;
use bitcoin::{Transaction, Txid};
use sqlx::Row;

use super::facts::{self, Fact};
use super::{Connection, StoreError};

/// How many blocks a spend must be buried under before the previous transaction is dropped: as many
/// as a pruned node keeps, so that no reorganisation can bring back a coin whose previous
/// transaction is out of reach.
const KEPT_BLOCKS: u32 = 288;

/// Keeps a transaction.
pub async fn insert(db: &mut Connection, transaction: &Transaction) -> Result<(), StoreError> {
    let sql = "INSERT INTO previous_transactions (txid, raw) VALUES ($1, $2) ON CONFLICT (txid) DO NOTHING";
    sqlx::query(sql)
        .bind(&transaction.compute_txid().to_byte_array()[..])
        .bind(encode::serialize(transaction))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns a kept transaction; its txid is checked.
pub async fn get(db: &mut Connection, txid: Txid) -> Result<Option<Transaction>, StoreError> {
    let row = sqlx::query("SELECT raw FROM previous_transactions WHERE txid = $1")
        .bind(&txid.to_byte_array()[..])
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let transaction: Transaction = encode::deserialize(row.try_get("raw")?)
        .map_err(|error| StoreError::damaged(format!("previous transaction {txid}: {error}")))?;
    if transaction.compute_txid() != txid {
        return Err(StoreError::damaged(format!(
            "previous transaction {txid} is another one"
        )));
    }
    Ok(Some(transaction))
}

/// Drops the transactions all of whose coins were spent long enough ago.
pub async fn prune(db: &mut Connection, tip: u32) -> Result<(), StoreError> {
    let Some(horizon) = tip.checked_sub(KEPT_BLOCKS) else {
        return Ok(());
    };
    let pruned = facts::get(db, Fact::PrunedHeight)
        .await?
        .and_then(|height| height.parse().ok())
        .unwrap_or(-1);
    if pruned >= i64::from(horizon) {
        return Ok(());
    }
    let sql = "\
        DELETE FROM previous_transactions WHERE txid IN
            (SELECT txid FROM coins WHERE spent_height > $1 AND spent_height <= $2
             UNION SELECT spent_txid FROM coins WHERE spent_height > $1 AND spent_height <= $2)
        AND NOT EXISTS
            (SELECT 1 FROM coins c WHERE c.txid = previous_transactions.txid
             AND (c.spent_height IS NULL OR c.spent_height > $2))";
    sqlx::query(sql)
        .bind(pruned)
        .bind(i64::from(horizon))
        .execute(&mut *db)
        .await?;
    facts::set(db, Fact::PrunedHeight, &horizon.to_string()).await
}

/// Drops all of them.
pub async fn clear(db: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM previous_transactions")
        .execute(db)
        .await?;
    Ok(())
}
