//! Noting what was done with a transaction.

use bitcoin::Transaction;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash;

use super::{ListNo, PayoutTxNo};
use crate::clock;
use crate::store::{Connection, StoreError};

/// Notes that a list's transactions were handed over; those that went farther, or were dropped
/// before, stay as they are.
pub async fn note_exported(db: &mut Connection, no: ListNo) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET progress = 'exported', exported_at = $1
               WHERE list_no = $2 AND progress = 'planned' AND cancelling_since IS NULL";
    sqlx::query(sql)
        .bind(clock::now())
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Stores a transaction's signatures, which the caller has verified.
pub async fn note_signed(
    db: &mut Connection,
    no: PayoutTxNo,
    signed: &Transaction,
) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET progress = 'signed', signed_tx = $1, txid = COALESCE(txid, $2), signed_at = $3
               WHERE payout_tx_id = $4 AND signed_tx IS NULL";
    sqlx::query(sql)
        .bind(encode::serialize(signed))
        .bind(signed.compute_txid().to_byte_array().to_vec())
        .bind(clock::now())
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes what the receipt of a transaction's signatures was worth. One that was verified stays so.
pub async fn note_receipt(
    db: &mut Connection,
    no: PayoutTxNo,
    receipt: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET receipt = $1
               WHERE payout_tx_id = $2 AND (receipt IS NULL OR receipt <> 'verified')";
    sqlx::query(sql)
        .bind(receipt)
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that a node took a transaction.
pub async fn note_broadcast(db: &mut Connection, no: PayoutTxNo) -> Result<(), StoreError> {
    let sql =
        "UPDATE payout_transactions SET progress = 'broadcast', broadcast_at = COALESCE(broadcast_at, $1)
               WHERE payout_tx_id = $2";
    sqlx::query(sql)
        .bind(clock::now())
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that a transaction is to be cancelled.
pub async fn note_cancelling(db: &mut Connection, no: PayoutTxNo) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET cancelling_since = COALESCE(cancelling_since, $1)
               WHERE payout_tx_id = $2";
    sqlx::query(sql)
        .bind(clock::now())
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that nothing that is reckoned with changes a transaction's state any more, by the block at
/// a height, if by any.
pub async fn note_settled(
    db: &mut Connection,
    no: PayoutTxNo,
    height: Option<u32>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE payout_transactions SET settled = 1, settled_height = $1 WHERE payout_tx_id = $2",
    )
    .bind(height.map(i64::from))
    .bind(no.0)
    .execute(db)
    .await?;
    Ok(())
}

/// Opens the transactions again that blocks above a height settled. With `None`, those that any
/// block did.
pub async fn reopen_above(db: &mut Connection, height: Option<i64>) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET settled = 0, settled_height = NULL WHERE settled_height > $1";
    sqlx::query(sql)
        .bind(height.unwrap_or(-1))
        .execute(db)
        .await?;
    Ok(())
}
