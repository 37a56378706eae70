//! The ledger's tables: SQLite by default, in SQL that PostgreSQL takes too.
//!
//! Reads never block. Each write is one short transaction; one that belongs to a longer work, such
//! as a sync, checks that work's lease in the same transaction.
//!
//! - [`sqlite`]: the engine; what another one does otherwise stands there.
//! - [`migrations`]: the tables, version by version; [`ids`]: the numbers of their rows.
//! - [`lease`]: who may sync or broadcast.
//! - [`wallets`], [`scripts`], [`headers`], [`blocks`], [`coins`], [`pool`], [`previous`],
//!   [`payouts`], [`facts`]: one table, or few, each;
//!   [`balances`]: what their sums are.

pub mod balances;
pub mod blocks;
pub mod coins;
pub mod error;
pub mod facts;
pub mod headers;
mod ids;
pub mod lease;
pub mod migrations;
pub mod payouts;
pub mod pool;
pub mod previous;
pub mod receipts;
pub mod rows;
pub mod scripts;
mod sqlite;
pub mod wallets;

use std::path::{Path, PathBuf};

use sqlite as engine;

pub use engine::{Connection, Db, Row};
pub(crate) use engine::{Pool, open};
pub use error::StoreError;
pub use lease::{Lease, LeaseName};

/// An open ledger of the version that this program writes.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    path: PathBuf,
}

impl Store {
    /// Opens the ledger at `path`, creates it when it is not there, and brings its tables up to
    /// date.
    ///
    /// A ledger of a newer program is refused ([`StoreError::Newer`]), so is a damaged one.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Store {
            pool: open(path).await?,
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
        Ok(Transaction(engine::begin_write(&self.pool).await?))
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
