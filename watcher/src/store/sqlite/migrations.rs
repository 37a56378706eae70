//! The tables' versions in SQLite's words: each a file of SQL, run once, in order.
//!
//! A file that has been released is never edited; a change is a new file.

use sqlx::Row as _;

use super::Connection;
use crate::store::StoreError;

/// The version that knows what lists pay, which only this program can fill in.
pub(in crate::store) const IDENTITIES: i64 = 30;

/// Every version with its tables, oldest first; numbers may be left out.
pub(in crate::store) const MIGRATIONS: &[(i64, &str)] = &[
    (
        1,
        include_str!("../../../migrations/sqlite/0001_ledger.sql"),
    ),
    (
        2,
        include_str!("../../../migrations/sqlite/0002_payouts.sql"),
    ),
    (
        3,
        include_str!("../../../migrations/sqlite/0003_receipts.sql"),
    ),
    (
        10,
        include_str!("../../../migrations/sqlite/0010_receipts_heads.sql"),
    ),
    (
        20,
        include_str!("../../../migrations/sqlite/0020_headers.sql"),
    ),
    (
        IDENTITIES,
        include_str!("../../../migrations/sqlite/0030_seen.sql"),
    ),
    (
        40,
        include_str!("../../../migrations/sqlite/0040_numbers.sql"),
    ),
];

/// Returns the tables' version; `None` when there are no tables yet.
pub(in crate::store) async fn applied(db: &mut Connection) -> Result<Option<i64>, StoreError> {
    // Without rows where there is no such table.
    let columns = sqlx::query("SELECT name FROM pragma_table_info('ledger_versions')")
        .fetch_all(&mut *db)
        .await?;
    if columns.is_empty() {
        return Ok(None);
    }
    let newest = "SELECT COALESCE(MAX(version), 0) FROM ledger_versions";
    Ok(Some(sqlx::query(newest).fetch_one(db).await?.try_get(0)?))
}
