//! The tables' versions: each a file of SQL, run once, in order.
//!
//! A file that has been released is never edited; a change is a new file.

use sqlx::Row;

use super::{Store, StoreError, Transaction, payouts};
use crate::clock;

/// Every version with its tables, oldest first; numbers may be left out.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../../migrations/0001_ledger.sql")),
    (2, include_str!("../../migrations/0002_payouts.sql")),
    (3, include_str!("../../migrations/0003_receipts.sql")),
    (10, include_str!("../../migrations/0010_receipts_heads.sql")),
    (20, include_str!("../../migrations/0020_headers.sql")),
    (IDENTITIES, include_str!("../../migrations/0030_seen.sql")),
];

/// The version that knows what lists pay, which only this program can fill in.
const IDENTITIES: i64 = 30;

/// The version that this program writes.
pub const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Brings the tables from whatever version they have to [`KNOWN`], all or nothing.
pub(super) async fn run(store: &Store) -> Result<(), StoreError> {
    let mut view = store.read().await?;
    let found = version(&mut view).await?;
    drop(view);
    if found == Some(KNOWN) {
        return Ok(());
    }
    refuse_newer(found)?;

    let mut write = store.write().await?;
    if version(&mut write).await?.is_none() {
        let sql = "CREATE TABLE ledger_versions (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
        sqlx::query(sql).execute(&mut *write).await?;
    }
    // Another process may have migrated between the two looks.
    let found = version(&mut write).await?;
    refuse_newer(found)?;
    let missing = |(version, _): &&(i64, &str)| *version > found.unwrap_or(0);
    for (version, sql) in MIGRATIONS.iter().filter(missing) {
        sqlx::raw_sql(*sql).execute(&mut *write).await?;
        if *version == IDENTITIES {
            payouts::fill_in_identities(&mut write).await?;
        }
        let note = "INSERT INTO ledger_versions (version, applied_at) VALUES ($1, $2)";
        sqlx::query(note)
            .bind(version)
            .bind(clock::now())
            .execute(&mut *write)
            .await?;
    }
    write.commit().await
}

fn refuse_newer(found: Option<i64>) -> Result<(), StoreError> {
    match found {
        Some(found) if found > KNOWN => Err(StoreError::Newer {
            found,
            known: KNOWN,
        }),
        Some(found) if found < 0 => Err(StoreError::damaged("negative format version")),
        _ => Ok(()),
    }
}

/// Returns the tables' version; `None` when there are no tables yet.
async fn version(transaction: &mut Transaction) -> Result<Option<i64>, StoreError> {
    let exists = "SELECT CAST(COUNT(*) AS BIGINT) FROM sqlite_master WHERE type = 'table' AND name = 'ledger_versions'";
    if sqlx::query(exists)
        .fetch_one(&mut **transaction)
        .await?
        .try_get::<i64, _>(0)?
        == 0
    {
        return Ok(None);
    }
    let newest = "SELECT COALESCE(MAX(version), 0) FROM ledger_versions";
    Ok(Some(
        sqlx::query(newest)
            .fetch_one(&mut **transaction)
            .await?
            .try_get(0)?,
    ))
}
