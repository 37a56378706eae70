//! Where the search for a new wallet begins.

use std::collections::HashMap;

use cofferdam_core::wallet::Birthday;

use super::SyncError;
use super::header_chain::HeaderChain;
use super::progress::Progress;
use super::watch::Watch;
use crate::chain::{Blocks, ChainError, Tip};
use crate::store::{Lease, Store, wallets};

/// The search begins this long before the birthday: block times may be hours off, people's memory
/// days.
const MARGIN_SECONDS: u64 = 14 * 24 * 60 * 60;

/// Finds where to begin for the wallets that were never searched for, and stores it. The chain
/// reaches down to there then.
pub async fn begin_new_wallets(
    store: &Store,
    lease: &Lease,
    source: &dyn Blocks,
    watch: &mut Watch,
    chain: &mut HeaderChain,
    tip: Tip,
    progress: &dyn Progress,
) -> Result<(), SyncError> {
    let mut found: HashMap<Option<Birthday>, u32> = HashMap::new();
    let mut begins = Vec::new();
    for (no, birthday) in watch.new_wallets() {
        let height = match found.get(&birthday) {
            Some(height) => *height,
            None => first_height(source, chain, birthday, tip).await?,
        };
        found.insert(birthday, height);
        begins.push((no, height));
    }
    let Some(lowest) = begins.iter().map(|(_, height)| *height).min() else {
        return Ok(());
    };
    chain
        .reach_down(source, lowest.saturating_sub(1), progress)
        .await?;
    check_births(chain, &found)?;
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

/// Returns the first block that is at most two weeks older than the birthday; the tip when all are
/// older.
async fn first_height(
    source: &dyn Blocks,
    chain: &HeaderChain,
    birthday: Option<Birthday>,
    tip: Tip,
) -> Result<u32, ChainError> {
    let Some(birthday) = birthday else {
        return Ok(0);
    };
    let begin = begin_of(birthday);
    // Times are not quite in order, which the margin covers.
    let (mut low, mut high) = (0, tip.height);
    while low < high {
        let middle = low + (high - low) / 2;
        let time = match chain.get(middle) {
            Some(link) => link.time,
            None => {
                let hash = source
                    .block_hash(middle)
                    .await?
                    .ok_or(ChainError::ChainMoved)?;
                source.header(hash).await?.time
            }
        };
        if u64::from(time) < begin {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Returns the time at which the search for a wallet begins.
fn begin_of(birthday: Birthday) -> u64 {
    birthday.unix_start().saturating_sub(MARGIN_SECONDS)
}

/// Checks by proven headers that nothing before a search begins can be a wallet's: times were asked
/// for below them.
fn check_births(
    chain: &HeaderChain,
    found: &HashMap<Option<Birthday>, u32>,
) -> Result<(), ChainError> {
    for (birthday, height) in found {
        let before = height.checked_sub(1).and_then(|before| chain.get(before));
        let is_later = |birthday: Birthday| {
            before.is_some_and(|before| u64::from(before.time) >= begin_of(birthday))
        };
        if birthday.is_some_and(is_later) {
            return Err(ChainError::ChainMoved);
        }
    }
    Ok(())
}
