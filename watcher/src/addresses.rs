//! Addresses: which come next, and handing them out.

use cofferdam_core::wallet::Branch;

use crate::store::wallets::{self, WalletRecord};
use crate::store::{Connection, StoreError, scripts};

/// Returns the lowest index that is neither used nor handed out. Nothing is reserved.
pub async fn next(db: &mut Connection, record: &WalletRecord, branch: Branch) -> Result<u32, StoreError> {
    Ok(wallets::branch(db, record.no, branch).await?.next_index)
}

/// Hands out the next index of a branch, in the write that the caller has begun: it is reserved when that commits.
///
/// The scripts up to the wallet's gap beyond it are watched from then on.
pub async fn reserve(db: &mut Connection, record: &WalletRecord, branch: Branch) -> Result<u32, StoreError> {
    let index = next(db, record, branch).await?;
    note_used(db, record, branch, index).await?;
    Ok(index)
}

/// Notes that an index is used or handed out, and watches the scripts up to the wallet's gap beyond it.
///
/// Returns the scripts that are watched newly.
pub async fn note_used(
    db: &mut Connection,
    record: &WalletRecord,
    branch: Branch,
    index: u32,
) -> Result<Vec<(bitcoin::ScriptBuf, scripts::ScriptOwner)>, StoreError> {
    wallets::use_index(db, record.no, branch, index).await?;
    scripts::cover(db, record, branch, horizon(index + 1, record.gap)).await
}

/// Returns the first index that is not watched when `next` is the first one that is free.
pub fn horizon(next: u32, gap: u32) -> u32 {
    // Indices end at 2^31 (BIP32).
    next.saturating_add(gap).min(1 << 31)
}
