//! The engine: SQLite, whose file stands in the data folder.
//!
//! Whatever another engine does otherwise stands here, and nowhere else in the store:
//!
//! - [`open`]: a file, opened durably and for its owner alone.
//! - [`lock`]: how a write begins, so that two processes' writes come one after the other.
//! - [`clock`]: the time that leases are measured by.
//! - [`failure`]: which of our errors the engine's are.
//! - [`migrations`]: the tables in its words.

mod clock;
mod failure;
mod lock;
mod migrations;
mod open;

pub(super) use clock::now;
pub(super) use lock::begin_write;
pub(super) use migrations::{IDENTITIES, MIGRATIONS, applied};
pub(crate) use open::open;

/// The database engine that queries are written against.
pub type Db = sqlx::Sqlite;
/// One connection; what queries run on, inside or outside of a transaction.
pub type Connection = sqlx::SqliteConnection;
/// One row of an answer.
pub type Row = sqlx::sqlite::SqliteRow;
/// The open connections to one ledger.
pub(crate) type Pool = sqlx::SqlitePool;
