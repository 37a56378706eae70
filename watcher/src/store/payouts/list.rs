//! Finding lists.

use bitcoin::Weight;
use sqlx::{AssertSqlSafe, Row as _};

use super::{ListKind, ListNo, ListRecord, PayoutTxNo};
use crate::store::wallets::WalletNo;
use crate::store::{Connection, Row, StoreError, rows};

pub(super) const LIST: &str =
    "SELECT list_no, list_id, kind, wallet_no, created_at, format, file_sha256, sat_per_kvb,
                    max_weight, seed, pays_sha256, numbered FROM payout_lists";

/// Returns the list of an id.
pub async fn by_id(db: &mut Connection, id: &str) -> Result<Option<ListRecord>, StoreError> {
    let sql = format!("{LIST} WHERE list_id = $1");
    sqlx::query(AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(list)
        .transpose()
}

/// Returns the list of a number.
pub async fn by_no(db: &mut Connection, no: ListNo) -> Result<ListRecord, StoreError> {
    let sql = format!("{LIST} WHERE list_no = $1");
    list(
        &sqlx::query(AssertSqlSafe(sql))
            .bind(no.0)
            .fetch_one(db)
            .await?,
    )
}

/// Returns the list that a transaction belongs to.
pub async fn list_of(db: &mut Connection, no: PayoutTxNo) -> Result<ListRecord, StoreError> {
    let sql = format!(
        "{LIST} WHERE list_no = (SELECT list_no FROM payout_transactions WHERE payout_tx_id = $1)"
    );
    list(
        &sqlx::query(AssertSqlSafe(sql))
            .bind(no.0)
            .fetch_one(db)
            .await?,
    )
}

/// Returns the lists that were made of a file, oldest first.
pub async fn by_file(
    db: &mut Connection,
    sha256: &[u8; 32],
) -> Result<Vec<ListRecord>, StoreError> {
    let sql = format!("{LIST} WHERE file_sha256 = $1 ORDER BY list_no");
    sqlx::query(AssertSqlSafe(sql))
        .bind(&sha256[..])
        .fetch_all(db)
        .await?
        .iter()
        .map(list)
        .collect()
}

/// Returns the lists that pay the same, oldest first.
pub async fn by_pays(
    db: &mut Connection,
    sha256: &[u8; 32],
) -> Result<Vec<ListRecord>, StoreError> {
    let sql = format!("{LIST} WHERE pays_sha256 = $1 ORDER BY list_no");
    sqlx::query(AssertSqlSafe(sql))
        .bind(&sha256[..])
        .fetch_all(db)
        .await?
        .iter()
        .map(list)
        .collect()
}

fn hash(row: &Row, column: &str) -> Result<Option<[u8; 32]>, StoreError> {
    let hash: Option<&[u8]> = row.try_get(column)?;
    hash.map(|hash| {
        hash.try_into()
            .map_err(|_| StoreError::damaged(format!("{column} is not 32 bytes")))
    })
    .transpose()
}

pub(super) fn list(row: &Row) -> Result<ListRecord, StoreError> {
    Ok(ListRecord {
        no: ListNo(row.try_get("list_no")?),
        id: row.try_get("list_id")?,
        kind: ListKind::from_name(row.try_get("kind")?)?,
        wallet_no: WalletNo(row.try_get("wallet_no")?),
        created_at: row.try_get("created_at")?,
        format: row.try_get("format")?,
        file_sha256: hash(row, "file_sha256")?,
        sat_per_kvb: u64::from(rows::number(row, "sat_per_kvb")?),
        max_weight: Weight::from_wu(u64::from(rows::number(row, "max_weight")?)),
        seed: row.try_get("seed")?,
        pays_sha256: hash(row, "pays_sha256")?,
        numbered: rows::number(row, "numbered")? == 1,
    })
}

/// Returns the list whose transactions make those of a list impossible.
pub async fn cancel_list(
    db: &mut Connection,
    no: ListNo,
) -> Result<Option<ListRecord>, StoreError> {
    let sql = "SELECT MAX(c.list_no) AS list_no FROM payout_transactions c
               JOIN payout_transactions t ON t.payout_tx_id = c.cancels WHERE t.list_no = $1";
    let found: Option<i64> = sqlx::query(sql)
        .bind(no.0)
        .fetch_one(&mut *db)
        .await?
        .try_get("list_no")?;
    match found {
        Some(found) => Ok(Some(by_no(db, ListNo(found)).await?)),
        None => Ok(None),
    }
}
