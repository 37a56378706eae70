//! What blocks did to our coins: the seam between what a kind of source has and what a sync
//! records.

use bitcoin::Block;
use cofferdam_core::Network;

use super::SyncError;
use super::checks::{Checks, Rule};
use super::fetch::{Fetch, Found};
use super::proof;
use super::scan::{self, BlockEffects};
use super::watch::Watch;
use crate::chain::scripts::Proven;

/// Tells what each block of a stretch of the chain did to the coins that are watched.
pub(super) trait History {
    /// Returns what the next block did; nothing after the last one.
    async fn next(&mut self, watch: &mut Watch) -> Result<Option<Told>, SyncError>;
}

/// What is told of one block.
#[derive(Debug)]
pub(super) struct Told {
    /// What it did.
    pub(super) effects: BlockEffects,
    /// Whether it was read, and not shown to have nothing of ours by less.
    pub(super) was_read: bool,
}

/// A history from whole blocks, or from their filters where these show that there is nothing of
/// ours.
#[derive(Debug)]
pub(super) struct BlockHistory {
    fetch: Fetch,
    checks: Checks,
    network: Network,
}

impl BlockHistory {
    /// Makes a history of the blocks that are fetched.
    pub(super) fn new(fetch: Fetch, checks: Checks, network: Network) -> Self {
        BlockHistory {
            fetch,
            checks,
            network,
        }
    }

    /// Searches a block, and proves its spends of our coins.
    ///
    /// The witness commitment costs hashing the whole block. It is asked only where signatures do
    /// not prove all: one that holds under our key is ours, whatever else the block's witnesses
    /// are.
    fn scan(
        &self,
        watch: &mut Watch,
        height: u32,
        block: &Block,
    ) -> Result<BlockEffects, SyncError> {
        let checks = self.checks;
        let effects = scan::scan(watch, height, block)?;
        if effects.spends().next().is_none() {
            return Ok(effects);
        }
        let proven = match checks.has(Rule::BlockSpends) {
            true => proof::spends::check_block(watch, self.network, block, &effects),
            false => Ok(Proven::ButTaproot),
        };
        if checks.has(Rule::Witnesses) && !matches!(proven, Ok(Proven::Fully)) {
            proof::block::check_witnesses(block, self.network, height)?;
        }
        proven?;
        Ok(effects)
    }
}

impl History for BlockHistory {
    async fn next(&mut self, watch: &mut Watch) -> Result<Option<Told>, SyncError> {
        let Some((height, found)) = self.fetch.next().await? else {
            return Ok(None);
        };
        let block = match found {
            Found::Whole(block) => block,
            Found::Skipped(link) => {
                return Ok(Some(Told {
                    effects: BlockEffects::none(height, link),
                    was_read: false,
                }));
            }
        };
        let effects = self.scan(watch, height, &block)?;
        if self.checks.has(Rule::Amounts) {
            watch.refuse_impossible_sum(height)?;
        }
        let added = watch.take_added();
        if !added.is_empty() {
            self.fetch.look_for(added)?;
        }
        Ok(Some(Told {
            effects,
            was_read: true,
        }))
    }
}
