//! Finding payments.

use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut};
use sqlx::{AssertSqlSafe, Row};

use super::{EarlierPayment, ListNo, PaymentRecord, PayoutTxNo, Progress, VALUES_AT_ONCE};
use crate::store::{Connection, StoreError, rows};

/// Returns the payments of a list, in the order of its file.
pub async fn payments(db: &mut Connection, no: ListNo) -> Result<Vec<PaymentRecord>, StoreError> {
    let sql =
        "SELECT p.payout_id, p.script, p.amount_sat, p.name, p.reference, p.own_index, t.number,
                      p.output_index, p.fee_share_sat
               FROM payout_payments p JOIN payout_transactions t ON t.payout_tx_id = p.payout_tx_id
               WHERE p.list_no = $1 ORDER BY p.position";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(PaymentRecord {
                payout_id: row.try_get("payout_id")?,
                txout: TxOut {
                    value: rows::amount(row, "amount_sat")?,
                    script_pubkey: ScriptBuf::from_bytes(row.try_get("script")?),
                },
                name: row.try_get("name")?,
                reference: row.try_get("reference")?,
                own_index: rows::number_or_null(row, "own_index")?,
                transaction: rows::number(row, "number")?,
                output: rows::number(row, "output_index")?,
                fee_share: rows::amount(row, "fee_share_sat")?,
            })
        })
        .collect()
}

/// Returns the number of payments of a list, and their sum.
pub async fn totals(db: &mut Connection, no: ListNo) -> Result<(u32, Amount), StoreError> {
    let sql =
        "SELECT CAST(COUNT(*) AS BIGINT) AS payments, CAST(COALESCE(SUM(amount_sat), 0) AS BIGINT) AS total
               FROM payout_payments WHERE list_no = $1";
    let row = sqlx::query(sql).bind(no.0).fetch_one(db).await?;
    Ok((
        rows::number(&row, "payments")?,
        rows::amount(&row, "total")?,
    ))
}

/// Returns every payment that was planned under one of the identifiers, oldest first.
pub async fn earlier(db: &mut Connection, ids: &[&str]) -> Result<Vec<EarlierPayment>, StoreError> {
    let mut found = Vec::new();
    for part in ids.chunks(VALUES_AT_ONCE) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT p.payout_id, l.list_id, l.list_no, t.payout_tx_id, t.anchor_txid, t.anchor_vout, t.progress,
                    t.cancelling_since
             FROM payout_payments p JOIN payout_lists l ON l.list_no = p.list_no
             JOIN payout_transactions t ON t.payout_tx_id = p.payout_tx_id
             WHERE p.payout_id IN ({}) ORDER BY p.list_no, p.position",
            places.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in part {
            query = query.bind((*id).to_owned());
        }
        for row in query.fetch_all(&mut *db).await? {
            let cancelling: Option<i64> = row.try_get("cancelling_since")?;
            found.push(EarlierPayment {
                payout_id: row.try_get("payout_id")?,
                list_id: row.try_get("list_id")?,
                list_no: ListNo(row.try_get("list_no")?),
                transaction: PayoutTxNo(row.try_get("payout_tx_id")?),
                anchor: OutPoint {
                    txid: rows::txid(&row, "anchor_txid")?,
                    vout: rows::number(&row, "anchor_vout")?,
                },
                progress: Progress::from_name(row.try_get("progress")?)?,
                cancelling: cancelling.is_some(),
            });
        }
    }
    Ok(found)
}
