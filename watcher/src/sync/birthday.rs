//! Where the search for a new wallet begins.

use std::collections::HashMap;

use cofferdam_core::wallet::Birthday;

use super::SyncError;
use super::watch::Watch;
use crate::chain::{ChainError, ChainSource, Tip};
use crate::store::{Lease, Store, wallets};

/// The search begins this long before the birthday: block times may be hours off, people's memory days.
const MARGIN_SECONDS: u64 = 14 * 24 * 60 * 60;

/// Finds where to begin for the wallets that were never searched for, and stores it.
pub async fn begin_new_wallets(
    store: &Store,
    lease: &Lease,
    source: &dyn ChainSource,
    watch: &mut Watch,
    tip: Tip,
) -> Result<(), SyncError> {
    let mut found: HashMap<Option<Birthday>, u32> = HashMap::new();
    let mut begins = Vec::new();
    for (no, birthday) in watch.new_wallets() {
        let height = match found.get(&birthday) {
            Some(height) => *height,
            None => first_height(source, birthday, tip).await?,
        };
        found.insert(birthday, height);
        begins.push((no, height));
    }
    if begins.is_empty() {
        return Ok(());
    }
    let mut write = store.write_under(lease).await?;
    for (no, height) in &begins {
        wallets::begin_at(&mut write, *no, *height).await?;
    }
    write.commit().await?;
    for (no, height) in begins {
        watch.begin_at(no, height);
    }
    Ok(())
}

/// Returns the first block that is at most two weeks older than the birthday; the tip when all are older.
async fn first_height(
    source: &dyn ChainSource,
    birthday: Option<Birthday>,
    tip: Tip,
) -> Result<u32, ChainError> {
    let Some(birthday) = birthday else { return Ok(0) };
    let begin = birthday.unix_start().saturating_sub(MARGIN_SECONDS);
    // Times are not quite in order, which the margin covers.
    let (mut low, mut high) = (0, tip.height);
    while low < high {
        let middle = low + (high - low) / 2;
        let hash = source.block_hash(middle).await?.ok_or(ChainError::ChainMoved)?;
        if u64::from(source.header(hash).await?.time) < begin {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
