//! How a write begins.

use super::{Db, Pool};
use crate::store::StoreError;

/// Begins a write that excludes all others from its first statement on: what it reads, nobody
/// changes before it commits. It waits for others' short writes ([`super::open`] says how long).
pub(in crate::store) async fn begin_write(
    pool: &Pool,
) -> Result<sqlx::Transaction<'static, Db>, StoreError> {
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}
