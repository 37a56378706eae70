//! What SQL alone cannot compute for the rows of older ledgers.

use bitcoin::{Amount, ScriptBuf};
use sqlx::Row;

use crate::identity;
use crate::store::{Connection, StoreError, rows};

/// Fills in what lists pay and how identifiers look, where an older program stored neither.
pub async fn identities(db: &mut Connection) -> Result<(), StoreError> {
    let sql = "SELECT list_no FROM payout_lists WHERE kind = 'payout' AND pays_sha256 IS NULL";
    for row in sqlx::query(sql).fetch_all(&mut *db).await? {
        let list_no: i64 = row.try_get("list_no")?;
        let sql = "SELECT script, amount_sat FROM payout_payments WHERE list_no = $1";
        let mut payments: Vec<(ScriptBuf, Amount)> = Vec::new();
        for row in sqlx::query(sql).bind(list_no).fetch_all(&mut *db).await? {
            payments.push((
                ScriptBuf::from_bytes(row.try_get("script")?),
                rows::amount(&row, "amount_sat")?,
            ));
        }
        let hash = identity::pays_sha256(
            payments
                .iter()
                .map(|(script, amount)| (script.as_script(), *amount)),
        );
        let sql = "UPDATE payout_lists SET pays_sha256 = $1,
                   numbered = CASE WHEN format = 'cofferdam' THEN 1 ELSE 0 END WHERE list_no = $2";
        sqlx::query(sql)
            .bind(hash.to_vec())
            .bind(list_no)
            .execute(&mut *db)
            .await?;
    }
    let sql = "SELECT list_no, position, payout_id FROM payout_payments WHERE payout_id IS NOT NULL AND id_key IS NULL";
    for row in sqlx::query(sql).fetch_all(&mut *db).await? {
        let sql = "UPDATE payout_payments SET id_key = $1 WHERE list_no = $2 AND position = $3";
        sqlx::query(sql)
            .bind(identity::id_key(row.try_get("payout_id")?))
            .bind(row.try_get::<i64, _>("list_no")?)
            .bind(row.try_get::<i64, _>("position")?)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
