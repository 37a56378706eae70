//! Finding transactions, and what the best chain did to their coins.

use bitcoin::consensus::encode;
use bitcoin::hashes::Hash;
use bitcoin::{OutPoint, Transaction, Txid, Weight};
use sqlx::{AssertSqlSafe, Row as _};

use super::{InputRecord, ListNo, PayoutTxNo, Progress, TransactionRecord};
use crate::store::{Connection, Row, StoreError, rows, wallets};

const TRANSACTION: &str = "SELECT payout_tx_id, number, unsigned_tx, txid, signed_tx, fee_sat, weight, change_sat,
                           change_index, anchor_txid, anchor_vout, progress, cancelling_since, cancels, settled, receipt
                           FROM payout_transactions";

/// Returns the columns that a transaction is read from.
pub(super) fn columns() -> &'static str {
    let columns = TRANSACTION.trim_start_matches("SELECT ");
    columns.split(" FROM ").next().unwrap_or(columns).trim_end()
}

/// Returns the transactions of a list, in order.
pub async fn transactions(
    db: &mut Connection,
    no: ListNo,
) -> Result<Vec<TransactionRecord>, StoreError> {
    let sql = format!("{TRANSACTION} WHERE list_no = $1 ORDER BY number");
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(no.0)
        .fetch_all(&mut *db)
        .await?;
    with_inputs(db, &rows).await
}

/// Returns the transactions of a list, in order, without their inputs.
pub async fn headers(
    db: &mut Connection,
    no: ListNo,
) -> Result<Vec<TransactionRecord>, StoreError> {
    let sql = format!("{TRANSACTION} WHERE list_no = $1 ORDER BY number");
    sqlx::query(AssertSqlSafe(sql))
        .bind(no.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(transaction)
        .collect()
}

/// Returns the transactions of all lists that blocks can still change.
pub async fn open_transactions(db: &mut Connection) -> Result<Vec<TransactionRecord>, StoreError> {
    let sql = format!("{TRANSACTION} WHERE settled = 0 ORDER BY payout_tx_id");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *db).await?;
    with_inputs(db, &rows).await
}

/// Returns the transaction of ours with a txid.
pub async fn by_txid(
    db: &mut Connection,
    txid: Txid,
) -> Result<Option<(PayoutTxNo, Option<PayoutTxNo>)>, StoreError> {
    let sql = "SELECT payout_tx_id, cancels FROM payout_transactions WHERE txid = $1 ORDER BY payout_tx_id LIMIT 1";
    let row = sqlx::query(sql)
        .bind(&txid.to_byte_array()[..])
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        let cancels: Option<i64> = row.try_get("cancels")?;
        Ok((
            PayoutTxNo(row.try_get("payout_tx_id")?),
            cancels.map(PayoutTxNo),
        ))
    })
    .transpose()
}

/// Returns the transaction of a number, without its inputs.
pub async fn by_tx_no(
    db: &mut Connection,
    no: PayoutTxNo,
) -> Result<TransactionRecord, StoreError> {
    let sql = format!("{TRANSACTION} WHERE payout_tx_id = $1");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(no.0)
        .fetch_one(db)
        .await?;
    transaction(&row)
}

/// Returns a transaction without its signatures.
pub async fn unsigned(db: &mut Connection, no: PayoutTxNo) -> Result<Transaction, StoreError> {
    Ok(by_tx_no(db, no).await?.unsigned)
}

/// Returns the coins of a transaction that no block of the best chain has made, and whether the
/// memory pool makes them.
pub async fn missing_inputs(
    db: &mut Connection,
    no: PayoutTxNo,
) -> Result<Vec<(OutPoint, bool)>, StoreError> {
    let sql = "SELECT i.txid, i.vout, p.amount_sat AS in_pool FROM payout_inputs i
               LEFT JOIN coins c ON c.txid = i.txid AND c.vout = i.vout
               LEFT JOIN pool_coins p ON p.txid = i.txid AND p.vout = i.vout
               WHERE i.payout_tx_id = $1 AND c.txid IS NULL ORDER BY i.position";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let in_pool: Option<i64> = row.try_get("in_pool")?;
            Ok((rows::outpoint(row)?, in_pool.is_some()))
        })
        .collect()
}

/// Returns a transaction of the best chain, other than `txid`, that spends one of the coins.
pub async fn block_conflict(
    db: &mut Connection,
    no: PayoutTxNo,
    txid: Option<Txid>,
) -> Result<Option<(Txid, u32)>, StoreError> {
    let sql = "SELECT c.spent_txid, c.spent_height FROM payout_inputs i
               JOIN coins c ON c.txid = i.txid AND c.vout = i.vout
               WHERE i.payout_tx_id = $1 AND c.spent_height IS NOT NULL AND c.spent_txid <> $2
               ORDER BY c.spent_height, c.spent_txid LIMIT 1";
    let own = txid.map_or(Vec::new(), |txid| txid.to_byte_array().to_vec());
    let row = sqlx::query(sql)
        .bind(no.0)
        .bind(own)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok((
            rows::txid(&row, "spent_txid")?,
            rows::number(&row, "spent_height")?,
        ))
    })
    .transpose()
}

async fn with_inputs(
    db: &mut Connection,
    rows: &[Row],
) -> Result<Vec<TransactionRecord>, StoreError> {
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let mut record = transaction(row)?;
        let sql = "SELECT txid, vout, amount_sat, branch, address_index FROM payout_inputs
                   WHERE payout_tx_id = $1 ORDER BY position";
        let inputs = sqlx::query(sql)
            .bind(record.no.0)
            .fetch_all(&mut *db)
            .await?;
        record.inputs = inputs.iter().map(input).collect::<Result<_, _>>()?;
        records.push(record);
    }
    Ok(records)
}

pub(super) fn transaction(row: &Row) -> Result<TransactionRecord, StoreError> {
    let read = |bytes: &[u8]| {
        encode::deserialize::<Transaction>(bytes)
            .map_err(|error| StoreError::damaged(format!("a payout's transaction: {error}")))
    };
    let change: Option<i64> = row.try_get("change_sat")?;
    let change = match (change, rows::number_or_null(row, "change_index")?) {
        (Some(_), Some(index)) => Some((rows::amount(row, "change_sat")?, index)),
        (None, None) => None,
        _ => return Err(StoreError::damaged("change without an index")),
    };
    let cancels: Option<i64> = row.try_get("cancels")?;
    let cancelling: Option<i64> = row.try_get("cancelling_since")?;
    let signed: Option<&[u8]> = row.try_get("signed_tx")?;
    Ok(TransactionRecord {
        no: PayoutTxNo(row.try_get("payout_tx_id")?),
        number: rows::number(row, "number")?,
        unsigned: read(row.try_get("unsigned_tx")?)?,
        txid: rows::txid_or_null(row, "txid")?,
        signed: signed.map(read).transpose()?,
        fee: rows::amount(row, "fee_sat")?,
        weight: Weight::from_wu(u64::from(rows::number(row, "weight")?)),
        change,
        anchor: OutPoint {
            txid: rows::txid(row, "anchor_txid")?,
            vout: rows::number(row, "anchor_vout")?,
        },
        progress: Progress::from_name(row.try_get("progress")?)?,
        cancelling: cancelling.is_some(),
        cancels: cancels.map(PayoutTxNo),
        settled: rows::number(row, "settled")? == 1,
        receipt: row.try_get("receipt")?,
        inputs: Vec::new(),
    })
}

fn input(row: &Row) -> Result<InputRecord, StoreError> {
    Ok(InputRecord {
        outpoint: rows::outpoint(row)?,
        amount: rows::amount(row, "amount_sat")?,
        branch: wallets::branch_of(row)?,
        index: rows::number(row, "address_index")?,
    })
}
