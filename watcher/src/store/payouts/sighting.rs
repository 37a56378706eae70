//! The tables `payout_sightings` and `outgoing_payments`: what blocks and the memory pool show of
//! our coins' spends.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut, Txid};
use sqlx::{AssertSqlSafe, Row as _};

use super::{PayoutTxNo, VALUES_AT_ONCE};
use crate::clock;
use crate::store::{Connection, Row, StoreError, rows};

/// Where a transaction that was seen stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The transaction.
    pub txid: Txid,
    /// The height of its block in the best chain.
    pub height: Option<u32>,
    /// Whether the memory pool holds it.
    pub in_pool: bool,
}

/// An output of a transaction of none of our lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The transaction.
    pub transaction: Sighting,
    /// To whom.
    pub script: ScriptBuf,
    /// How much.
    pub amount: Amount,
    /// When it was first seen, in seconds since 1970.
    pub first_seen: i64,
}

/// Returns the transactions, of those that some of the coins were planned for.
pub async fn planned_for(
    db: &mut Connection,
    coins: &[OutPoint],
) -> Result<Vec<(OutPoint, PayoutTxNo)>, StoreError> {
    let mut found = Vec::new();
    for part in coins.chunks(VALUES_AT_ONCE / 2) {
        let places = rows::places(part.len(), 2);
        let sql = format!(
            "SELECT txid, vout, payout_tx_id FROM payout_inputs WHERE (txid, vout) IN (VALUES {places})"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for coin in part {
            query = query
                .bind(coin.txid.to_byte_array().to_vec())
                .bind(i64::from(coin.vout));
        }
        for row in query.fetch_all(&mut *db).await? {
            found.push((
                rows::outpoint(&row)?,
                PayoutTxNo(row.try_get("payout_tx_id")?),
            ));
        }
    }
    Ok(found)
}

/// Returns the outputs that make the payments of a transaction.
pub async fn paid_by(db: &mut Connection, no: PayoutTxNo) -> Result<Vec<TxOut>, StoreError> {
    let sql = "SELECT p.script, p.amount_sat FROM payout_payments p
               JOIN payout_transactions t ON t.list_no = p.list_no AND t.payout_tx_id = p.payout_tx_id
               WHERE t.payout_tx_id = $1";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(TxOut {
                value: rows::amount(row, "amount_sat")?,
                script_pubkey: ScriptBuf::from_bytes(row.try_get("script")?),
            })
        })
        .collect()
}

/// Notes that a transaction was seen that is the payout's, or makes all its payments.
pub async fn note_sighting(
    db: &mut Connection,
    no: PayoutTxNo,
    txid: Txid,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payout_sightings (payout_tx_id, txid, first_seen) VALUES ($1, $2, $3)
               ON CONFLICT (payout_tx_id, txid) DO NOTHING";
    sqlx::query(sql)
        .bind(no.0)
        .bind(txid.to_byte_array().to_vec())
        .bind(clock::now())
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that somebody else has handed a transaction over, or planned its payments anew: it was
/// seen. What was cancelled before an export was not, as it turns out.
pub async fn note_elsewhere(db: &mut Connection, no: PayoutTxNo) -> Result<(), StoreError> {
    let sql = "UPDATE payout_transactions SET settled = 0, settled_height = NULL, progress = 'exported', exported_at = $1
               WHERE payout_tx_id = $2 AND progress = 'planned'";
    sqlx::query(sql)
        .bind(clock::now())
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the transactions that were seen for one of ours.
pub async fn sightings(db: &mut Connection, no: PayoutTxNo) -> Result<Vec<Sighting>, StoreError> {
    let sql = "SELECT s.txid, t.height, p.first_seen AS pool_seen FROM payout_sightings s
               LEFT JOIN transactions t ON t.txid = s.txid
               LEFT JOIN pool_transactions p ON p.txid = s.txid
               WHERE s.payout_tx_id = $1 ORDER BY s.first_seen, s.txid";
    let rows = sqlx::query(sql).bind(no.0).fetch_all(db).await?;
    rows.iter().map(sighting).collect()
}

pub(super) fn sighting(row: &Row) -> Result<Sighting, StoreError> {
    Ok(Sighting {
        txid: rows::txid(row, "txid")?,
        height: rows::number_or_null(row, "height")?,
        in_pool: row.try_get::<Option<i64>, _>("pool_seen")?.is_some(),
    })
}

/// Returns the transaction of ours that a txid was seen for, and which one that was made to cancel.
pub async fn seen_as(
    db: &mut Connection,
    txid: Txid,
) -> Result<Option<(PayoutTxNo, Option<PayoutTxNo>)>, StoreError> {
    let sql = "SELECT t.payout_tx_id, t.cancels FROM payout_sightings s
               JOIN payout_transactions t ON t.payout_tx_id = s.payout_tx_id
               WHERE s.txid = $1 ORDER BY t.payout_tx_id LIMIT 1";
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

/// Notes what a transaction that is in none of our lists pays to others.
pub async fn note_outgoing(
    db: &mut Connection,
    outputs: &[(OutPoint, &TxOut)],
) -> Result<(), StoreError> {
    let now = clock::now();
    for part in outputs.chunks(VALUES_AT_ONCE / 5) {
        let places = rows::places(part.len(), 5);
        let sql = format!(
            "INSERT INTO outgoing_payments (txid, vout, script, amount_sat, first_seen) VALUES {places}
             ON CONFLICT (txid, vout) DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (outpoint, output) in part {
            query = query
                .bind(outpoint.txid.to_byte_array().to_vec())
                .bind(i64::from(outpoint.vout))
                .bind(output.script_pubkey.to_bytes())
                .bind(output.value.to_sat() as i64)
                .bind(now);
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Returns what transactions of none of our lists paid to some scripts.
pub async fn outgoing_to(
    db: &mut Connection,
    scripts: &[ScriptBuf],
) -> Result<Vec<Outgoing>, StoreError> {
    let mut found = Vec::new();
    for part in scripts.chunks(VALUES_AT_ONCE) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT o.script, o.amount_sat, o.txid, o.first_seen, t.height, p.first_seen AS pool_seen
             FROM outgoing_payments o
             LEFT JOIN transactions t ON t.txid = o.txid
             LEFT JOIN pool_transactions p ON p.txid = o.txid
             WHERE o.script IN ({}) AND NOT EXISTS (SELECT 1 FROM payout_sightings s WHERE s.txid = o.txid)
             ORDER BY o.first_seen, o.txid, o.vout",
            places.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for script in part {
            query = query.bind(script.to_bytes());
        }
        for row in query.fetch_all(&mut *db).await? {
            found.push(Outgoing {
                transaction: sighting(&row)?,
                script: ScriptBuf::from_bytes(row.try_get("script")?),
                amount: rows::amount(&row, "amount_sat")?,
                first_seen: row.try_get("first_seen")?,
            });
        }
    }
    Ok(found)
}
