//! The tables' versions, run once, in order: all or nothing.

use super::engine::{IDENTITIES, MIGRATIONS, applied};
use super::{Store, StoreError, payouts};
use crate::clock;

/// The version that this program writes.
pub const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Brings the tables from whatever version they have to [`KNOWN`], all or nothing.
pub(super) async fn run(store: &Store) -> Result<(), StoreError> {
    let mut view = store.read().await?;
    let found = applied(&mut view).await?;
    drop(view);
    if found == Some(KNOWN) {
        return Ok(());
    }
    refuse_newer(found)?;

    let mut write = store.write().await?;
    if applied(&mut write).await?.is_none() {
        let sql = "CREATE TABLE ledger_versions (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
        sqlx::query(sql).execute(&mut *write).await?;
    }
    // Another process may have migrated between the two looks.
    let found = applied(&mut write).await?;
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
