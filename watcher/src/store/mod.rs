//! The ledger's tables: SQLite by default, in SQL that PostgreSQL takes too.
//!
//! Reads never block. Each write is one short transaction; one that belongs to a longer work, such
//! as a sync, checks that work's lease in the same transaction.
//!
//! - [`migrations`]: the tables, version by version.
//! - [`lease`]: who may sync or broadcast.
//! - [`wallets`], [`scripts`], [`headers`], [`blocks`], [`coins`], [`pool`], [`previous`],
//!   [`payouts`], [`facts`]: one table, or few, each.

pub mod blocks;
pub mod coins;
pub mod error;
pub mod facts;
pub mod headers;
pub mod lease;
pub mod migrations;
pub mod payouts;
pub mod pool;
pub mod previous;
pub mod receipts;
pub mod rows;
pub mod scripts;
pub mod wallets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::private;

pub use error::StoreError;
pub use lease::{Lease, LeaseName};

/// The database engine that queries are written against.
pub type Db = sqlx::Sqlite;
/// One connection; what queries run on, inside or outside of a transaction.
pub type Connection = sqlx::SqliteConnection;

/// How long a write waits for another process's short transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to open, or to become free: a machine that has much else to do
/// takes longer than half a minute for it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(300);

/// An open ledger of the version that this program writes.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    path: PathBuf,
}

impl Store {
    /// Opens the ledger at `path`, creates it when it is not there, and brings its tables up to
    /// date.
    ///
    /// A ledger of a newer program is refused ([`StoreError::Newer`]), so is a damaged one.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Store {
            pool: open_pool(path).await?,
            path: path.into(),
        };
        migrations::run(&store).await?;
        Ok(store)
    }

    /// Returns the ledger's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a read: one consistent view of all tables, whatever others write meanwhile.
    pub async fn read(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction(self.pool.begin().await?))
    }

    /// Begins a short write that belongs to no lease.
    ///
    /// It waits for other processes' short writes, and is [`StoreError::Locked`] after ten seconds
    /// of waiting.
    pub async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction(self.pool.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// Begins a short write on behalf of `lease`, after checking that it is still held.
    pub async fn write_under(&self, lease: &Lease) -> Result<Transaction, StoreError> {
        let mut transaction = self.write().await?;
        lease.check_and_renew(&mut transaction).await?;
        Ok(transaction)
    }

    /// Closes all connections; the write-ahead log is merged when this process was the last one.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// An open transaction: dropped without [`commit`](Self::commit), nothing of it happened.
///
/// It dereferences to the connection that queries run on: `query.execute(&mut *transaction)`.
#[derive(Debug)]
pub struct Transaction(sqlx::Transaction<'static, Db>);

impl Transaction {
    /// Makes the writes durable; when this returns, they are on disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

impl std::ops::Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl std::ops::DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// Opens a SQLite file durably: write-ahead log, every commit synced, foreign keys checked. It is
/// made for its owner alone, and SQLite gives its log and index the same permissions.
pub(crate) async fn open_pool(path: &Path) -> Result<SqlitePool, StoreError> {
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
