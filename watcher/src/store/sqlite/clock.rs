//! The time that leases are measured by.

use sqlx::Row as _;

use super::Connection;
use crate::store::StoreError;

/// Returns the database's time, in seconds since 1970 (UTC): one clock for all who share it. Of
/// SQLite it is this machine's.
pub(in crate::store) async fn now(db: &mut Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(strftime('%s', 'now') AS BIGINT)";
    Ok(sqlx::query(sql).fetch_one(db).await?.try_get(0)?)
}
