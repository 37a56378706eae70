//! Addresses: which come next, and handing them out.

use bitcoin::ScriptBuf;
use cofferdam_core::wallet::Branch;

use crate::derivation::horizon;
use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, StoreError, scripts};

/// Returns the lowest index that is neither used nor handed out. Nothing is reserved.
pub async fn next(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
) -> Result<u32, StoreError> {
    Ok(wallets::branch(db, record.no, branch).await?.next_index)
}

/// Hands out the next index of a branch, in the write that the caller has begun: it is reserved
/// when that commits.
///
/// The scripts up to the wallet's gap beyond it are watched from then on.
pub async fn reserve(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
) -> Result<u32, StoreError> {
    let index = next(db, record, branch).await?;
    note_used(db, record, branch, index).await?;
    Ok(index)
}

/// Notes that an index is used or handed out, and watches the scripts up to the wallet's gap beyond
/// it. One that was told and is watched by itself moves nothing: millions may lie between.
///
/// Returns the scripts that are watched newly.
pub async fn note_used(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
    index: u32,
) -> Result<Vec<(ScriptBuf, scripts::ScriptOwner)>, StoreError> {
    if scripts::is_told(db, record.no, branch, index).await? {
        return Ok(Vec::new());
    }
    wallets::use_index(db, record.no, branch, index).await?;
    scripts::cover(
        db,
        record,
        branch,
        horizon(index.saturating_add(1), record.gap),
    )
    .await
}
