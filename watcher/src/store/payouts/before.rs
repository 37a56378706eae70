//! Finding what was paid, or planned, before: to a script, under an identifier that looks the same.

use bitcoin::{Amount, ScriptBuf};
use sqlx::{AssertSqlSafe, Row as _};

use super::{PayoutTxNo, VALUES_AT_ONCE};
use crate::store::{Connection, Row, StoreError, rows};

/// An earlier payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// To whom.
    pub script: ScriptBuf,
    /// How much.
    pub amount: Amount,
    /// What it is known by.
    pub payout_id: Option<String>,
    /// The list.
    pub list_id: String,
    /// When the list was stored, in seconds since 1970.
    pub created_at: i64,
    /// The transaction.
    pub transaction: PayoutTxNo,
}

const BEFORE: &str =
    "SELECT p.script, p.amount_sat, p.payout_id, l.list_id, l.created_at, p.payout_tx_id
                      FROM payout_payments p
                      JOIN payout_transactions t ON t.payout_tx_id = p.payout_tx_id
                      JOIN payout_lists l ON l.list_no = p.list_no";

/// Returns the payments to some scripts in transactions that blocks can still change, oldest first.
pub async fn open_to(
    db: &mut Connection,
    scripts: &[ScriptBuf],
) -> Result<Vec<Before>, StoreError> {
    let mut found = Vec::new();
    for part in scripts.chunks(VALUES_AT_ONCE) {
        // By the scripts: of open transactions there may be more.
        let sql = format!(
            "{BEFORE} WHERE p.script IN ({}) AND +t.settled = 0 ORDER BY p.list_no, p.position",
            places(part.len())
        );
        found.extend(by_scripts(db, sql, part).await?);
    }
    Ok(found)
}

/// Returns the last payment to each of some scripts, and how many there are: of those that were not
/// dropped before an export.
pub async fn last_to(
    db: &mut Connection,
    scripts: &[ScriptBuf],
) -> Result<Vec<(ScriptBuf, u64, i64)>, StoreError> {
    let mut found = Vec::new();
    for part in scripts.chunks(VALUES_AT_ONCE) {
        let sql = format!(
            "SELECT p.script, CAST(COUNT(*) AS BIGINT) AS payments, MAX(p.list_no) AS last FROM payout_payments p
             JOIN payout_transactions t ON t.payout_tx_id = p.payout_tx_id
             WHERE p.script IN ({}) AND NOT (t.progress = 'planned' AND t.cancelling_since IS NOT NULL)
             GROUP BY p.script",
            places(part.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for script in part {
            query = query.bind(script.to_bytes());
        }
        for row in query.fetch_all(&mut *db).await? {
            let script = ScriptBuf::from_bytes(row.try_get("script")?);
            let payments = u64::from(rows::number(&row, "payments")?);
            found.push((script, payments, row.try_get("last")?));
        }
    }
    Ok(found)
}

/// Returns the last payment of a list to a script.
pub async fn in_list(
    db: &mut Connection,
    list_no: i64,
    script: &ScriptBuf,
) -> Result<Option<Before>, StoreError> {
    let sql =
        format!("{BEFORE} WHERE p.list_no = $1 AND p.script = $2 ORDER BY p.position DESC LIMIT 1");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(list_no)
        .bind(script.to_bytes())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(before).transpose()
}

/// Returns the identifiers that have one of the keys, each with its key and a list.
pub async fn ids_like(
    db: &mut Connection,
    keys: &[String],
) -> Result<Vec<(String, String, String)>, StoreError> {
    let mut found = Vec::new();
    for part in keys.chunks(VALUES_AT_ONCE) {
        let sql = format!(
            "SELECT p.id_key, p.payout_id, MIN(l.list_id) AS list_id FROM payout_payments p
             JOIN payout_lists l ON l.list_no = p.list_no
             WHERE p.id_key IN ({}) AND p.payout_id IS NOT NULL
             GROUP BY p.id_key, p.payout_id ORDER BY p.id_key, p.payout_id",
            places(part.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for key in part {
            query = query.bind(key.clone());
        }
        for row in query.fetch_all(&mut *db).await? {
            found.push((
                row.try_get("id_key")?,
                row.try_get("payout_id")?,
                row.try_get("list_id")?,
            ));
        }
    }
    Ok(found)
}

fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

async fn by_scripts(
    db: &mut Connection,
    sql: String,
    scripts: &[ScriptBuf],
) -> Result<Vec<Before>, StoreError> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for script in scripts {
        query = query.bind(script.to_bytes());
    }
    query.fetch_all(db).await?.iter().map(before).collect()
}

fn before(row: &Row) -> Result<Before, StoreError> {
    Ok(Before {
        script: ScriptBuf::from_bytes(row.try_get("script")?),
        amount: rows::amount(row, "amount_sat")?,
        payout_id: row.try_get("payout_id")?,
        list_id: row.try_get("list_id")?,
        created_at: row.try_get("created_at")?,
        transaction: PayoutTxNo(row.try_get("payout_tx_id")?),
    })
}
