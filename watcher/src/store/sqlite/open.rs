//! Opening a SQLite file.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Pool;
use crate::private;
use crate::store::StoreError;

/// How long a write waits for another process's short transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to open, or to become free: a machine that has much else to do
/// takes longer than half a minute for it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(300);

/// Opens a SQLite file durably, and makes it when it is not there: write-ahead log, every commit
/// synced, foreign keys checked. It is made for its owner alone, and SQLite gives its log and index
/// the same permissions.
pub(crate) async fn open(path: &Path) -> Result<Pool, StoreError> {
    private::ensure(path).map_err(|error| {
        StoreError::Storage(format!("cannot make {} private: {error}", path.display()))
    })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    Ok(SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(OPEN_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?)
}
