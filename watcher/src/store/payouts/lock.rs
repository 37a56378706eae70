//! The table `coin_locks`.

use bitcoin::hashes::Hash;
use sqlx::AssertSqlSafe;

use super::{InputRecord, PayoutTxNo, VALUES_AT_ONCE};
use crate::store::{Connection, StoreError, rows};

/// Reserves coins; those that another transaction has reserved stay with it.
pub async fn lock_free(
    db: &mut Connection,
    no: PayoutTxNo,
    inputs: &[InputRecord],
) -> Result<(), StoreError> {
    lock_each(db, no, inputs).await.map(|_| ())
}

/// Reserves coins, all of which must be free.
pub(super) async fn lock(
    db: &mut Connection,
    no: PayoutTxNo,
    inputs: &[InputRecord],
) -> Result<(), StoreError> {
    match lock_each(db, no, inputs).await? {
        locked if locked == inputs.len() as u64 => Ok(()),
        _ => Err(StoreError::damaged("a coin was reserved twice")),
    }
}

async fn lock_each(
    db: &mut Connection,
    no: PayoutTxNo,
    inputs: &[InputRecord],
) -> Result<u64, StoreError> {
    let mut locked = 0;
    for part in inputs.chunks(VALUES_AT_ONCE / 3) {
        let places = rows::places(part.len(), 3);
        let sql = format!(
            "INSERT INTO coin_locks (txid, vout, payout_tx_id) VALUES {places} ON CONFLICT (txid, vout) DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for input in part {
            query = query
                .bind(input.outpoint.txid.to_byte_array().to_vec())
                .bind(i64::from(input.outpoint.vout))
                .bind(no.0);
        }
        locked += query.execute(&mut *db).await?.rows_affected();
    }
    Ok(locked)
}

/// Ends what a transaction reserves.
pub async fn unlock(db: &mut Connection, no: PayoutTxNo) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM coin_locks WHERE payout_tx_id = $1")
        .bind(no.0)
        .execute(db)
        .await?;
    Ok(())
}
