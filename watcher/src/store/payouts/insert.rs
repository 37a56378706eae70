//! Storing a list with everything that belongs to it.

use bitcoin::consensus::encode;
use bitcoin::hashes::Hash;
use sqlx::AssertSqlSafe;

use super::lock::lock;
use super::{
    InputRecord, ListNo, ListRecord, PaymentRecord, PayoutTxNo, TransactionRecord, VALUES_AT_ONCE,
};
use crate::identity;
use crate::store::ids::{self, Numbered};
use crate::store::{Connection, StoreError, rows};

/// Stores a list with its transactions and payments, and reserves the coins.
///
/// The numbers in the records are not read. A coin that is reserved already is
/// [`StoreError::Damaged`]: the caller chose among free ones in the same database transaction.
pub async fn insert(
    db: &mut Connection,
    list: &ListRecord,
    transactions: &[TransactionRecord],
    payments: &[PaymentRecord],
    reserve: bool,
) -> Result<ListNo, StoreError> {
    let list_no = ids::take(db, Numbered::Lists, 1).await?;
    let sql = "INSERT INTO payout_lists
               (list_no, list_id, kind, wallet_no, created_at, format, file_sha256, sat_per_kvb, max_weight, seed,
                pays_sha256, numbered)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    sqlx::query(sql)
        .bind(list_no)
        .bind(&list.id)
        .bind(list.kind.name())
        .bind(list.wallet_no.0)
        .bind(list.created_at)
        .bind(&list.format)
        .bind(list.file_sha256.map(|hash| hash.to_vec()))
        .bind(list.sat_per_kvb as i64)
        .bind(list.max_weight.to_wu() as i64)
        .bind(&list.seed)
        .bind(list.pays_sha256.map(|hash| hash.to_vec()))
        .bind(i64::from(list.numbered))
        .execute(&mut *db)
        .await?;
    let first = ids::take(db, Numbered::Transactions, transactions.len()).await?;
    for transaction in transactions {
        insert_transaction(db, list_no, first, transaction).await?;
        if reserve {
            lock(
                db,
                PayoutTxNo(first - 1 + i64::from(transaction.number)),
                &transaction.inputs,
            )
            .await?;
        }
    }
    insert_payments(db, list_no, first, payments).await?;
    Ok(ListNo(list_no))
}

async fn insert_transaction(
    db: &mut Connection,
    list_no: i64,
    first: i64,
    transaction: &TransactionRecord,
) -> Result<(), StoreError> {
    let no = first - 1 + i64::from(transaction.number);
    let sql = "INSERT INTO payout_transactions
               (payout_tx_id, list_no, number, unsigned_tx, txid, fee_sat, weight, change_sat, change_index,
                anchor_txid, anchor_vout, progress, cancels, settled)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)";
    sqlx::query(sql)
        .bind(no)
        .bind(list_no)
        .bind(i64::from(transaction.number))
        .bind(encode::serialize(&transaction.unsigned))
        .bind(transaction.txid.map(|txid| txid.to_byte_array().to_vec()))
        .bind(transaction.fee.to_sat() as i64)
        .bind(transaction.weight.to_wu() as i64)
        .bind(transaction.change.map(|(amount, _)| amount.to_sat() as i64))
        .bind(transaction.change.map(|(_, index)| i64::from(index)))
        .bind(transaction.anchor.txid.to_byte_array().to_vec())
        .bind(i64::from(transaction.anchor.vout))
        .bind(transaction.progress.name())
        .bind(transaction.cancels.map(|no| no.0))
        .execute(&mut *db)
        .await?;
    let inputs: Vec<(i64, &InputRecord)> = (0..).zip(&transaction.inputs).collect();
    for part in inputs.chunks(VALUES_AT_ONCE / 7) {
        let places = rows::places(part.len(), 7);
        let sql = format!(
            "INSERT INTO payout_inputs (payout_tx_id, position, txid, vout, amount_sat, branch, address_index)
             VALUES {places}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (position, input) in part {
            query = query
                .bind(no)
                .bind(*position)
                .bind(input.outpoint.txid.to_byte_array().to_vec())
                .bind(i64::from(input.outpoint.vout))
                .bind(input.amount.to_sat() as i64)
                .bind(i64::from(input.branch.step()))
                .bind(i64::from(input.index));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

async fn insert_payments(
    db: &mut Connection,
    list_no: i64,
    first: i64,
    payments: &[PaymentRecord],
) -> Result<(), StoreError> {
    let payments: Vec<(i64, &PaymentRecord)> = (0..).zip(payments).collect();
    for part in payments.chunks(VALUES_AT_ONCE / 12) {
        let places = rows::places(part.len(), 12);
        let sql = format!(
            "INSERT INTO payout_payments (list_no, position, payout_id, script, amount_sat, name, reference,
                                          own_index, payout_tx_id, output_index, fee_share_sat, id_key)
             VALUES {places}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (position, payment) in part {
            query = query
                .bind(list_no)
                .bind(*position)
                .bind(payment.payout_id.clone())
                .bind(payment.txout.script_pubkey.to_bytes())
                .bind(payment.txout.value.to_sat() as i64)
                .bind(payment.name.clone())
                .bind(payment.reference.clone())
                .bind(payment.own_index.map(i64::from))
                .bind(first - 1 + i64::from(payment.transaction))
                .bind(i64::from(payment.output))
                .bind(payment.fee_share.to_sat() as i64)
                .bind(payment.payout_id.as_deref().map(identity::id_key));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}
