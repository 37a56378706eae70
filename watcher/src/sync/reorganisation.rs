//! Finds the last block that the ledger and the chain share, and undoes what stands above it.

use super::SyncError;
use super::header_chain::HeaderChain;
use crate::chain::{Blocks, Tip};
use crate::store::facts::{self, Fact};
use crate::store::{Connection, Lease, Store, StoreError, blocks, pool, previous, wallets};

/// The most blocks that a reorganisation may undo. Deeper than anything seen on a public network; a
/// source that differs further back shows another chain.
pub const DEEPEST: u32 = 1_000;

/// Undoes the blocks that are no longer in the best chain, and returns how many they were.
pub async fn undo_stale(
    store: &Store,
    lease: &Lease,
    source: &dyn Blocks,
    chain: &HeaderChain,
) -> Result<u32, SyncError> {
    let mut view = store.read().await?;
    let Some(tip) = blocks::tip(&mut view).await? else {
        return Ok(0);
    };
    let (mut common, mut stale) = last_common(&mut view, source, chain, tip).await?;
    // Where the search of older blocks stands, the tip vouches for nothing.
    let place = wallets::lowest_place(&mut view).await?.unwrap_or(0);
    if common.is_some_and(|common| place <= common.height)
        && let Some(searched) = blocks::below(&mut view, place).await?
    {
        let (older, more) = last_common(&mut view, source, chain, searched).await?;
        if more > 0 {
            (common, stale) = (older, stale + more);
        }
    }
    drop(view);
    if stale > 0 {
        let mut write = store.write_under(lease).await?;
        blocks::undo_above(&mut write, common.map(|block| block.height)).await?;
        write.commit().await?;
    }
    Ok(stale)
}

/// Returns the highest block of the ledger, from `block` downwards, that the source has too, and
/// the number of those above it that it has not.
async fn last_common(
    db: &mut Connection,
    source: &dyn Blocks,
    chain: &HeaderChain,
    block: Tip,
) -> Result<(Option<Tip>, u32), SyncError> {
    let (mut candidate, mut stale) = (Some(block), 0);
    while let Some(block) = candidate {
        // Below the headers that were checked, what the search finds is compared with what its
        // hashes prove.
        let theirs = match block.height >= chain.first() {
            true => chain.get(block.height).map(|link| link.hash),
            false => source.block_hash(block.height).await?,
        };
        if theirs == Some(block.hash) {
            break;
        }
        stale += 1;
        if stale > DEEPEST {
            return Err(SyncError::TooDeep { limit: DEEPEST });
        }
        candidate = blocks::below(db, block.height).await?;
    }
    Ok((candidate, stale))
}

/// Forgets all that the chain told, so that every wallet is searched for from its birthday.
pub async fn forget_chain(db: &mut Connection) -> Result<(), StoreError> {
    blocks::undo_above(db, None).await?;
    pool::clear(db).await?;
    previous::clear(db).await?;
    facts::forget(db, Fact::PrunedHeight).await?;
    facts::forget(db, Fact::SyncedHeight).await?;
    for record in wallets::all(db).await? {
        wallets::search_again(db, record.no).await?;
    }
    Ok(())
}
