//! Brings the ledger to the tip of a chain: each block is searched once, for all wallets together.
//!
//! - [`birthday`]: where the search for a new wallet begins.
//! - [`reorganisation`]: finds the last common block and undoes what stands above it.
//! - [`fetch`]: reads blocks ahead; [`filters`]: which of them need not be read.
//! - [`watch`]: the scripts and coins to look for, in memory; [`script_set`]: the scripts.
//! - [`scan`]: what one block does to the ledger; [`supply`]: how much money there can be.
//! - [`pool`]: what the memory pool does.
//!
//! Blocks are committed in batches together with each wallet's place, so that a sync killed at any moment continues
//! where its last batch ended.

pub mod birthday;
pub mod error;
pub mod fetch;
pub mod filters;
pub mod pool;
pub mod progress;
pub mod reorganisation;
pub mod scan;
pub mod script_set;
pub mod supply;
pub mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::{Block, BlockHash};
use serde::Serialize;

use crate::chain::{ChainError, ChainSource, Tip};
use crate::payout;
use crate::settings::ChainKind;
use crate::store::facts::{self, Fact};
use crate::store::{Connection, Lease, LeaseName, Store, StoreError, blocks, previous, wallets as rows};
use crate::wallets;

pub use error::SyncError;
use fetch::{Fetch, Found};
use progress::Progress;
use scan::BlockEffects;
use watch::Watch;

/// A batch is committed when it has this many blocks, or this many coins and spends, or is this old.
const BATCH_BLOCKS: usize = 500;
const BATCH_EFFECTS: usize = 5_000;
const BATCH_AGE: Duration = Duration::from_secs(2);

/// How often the sync starts over when the chain changes under it.
const ATTEMPTS: u32 = 20;

/// How to sync.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncOptions {
    /// Forget first what the chain told; handed out indices and payouts stay.
    pub rescan: bool,
    /// Read every block whole, also where filters show that there is nothing of ours in it. When it is stopped, the next sync goes on so.
    pub every_block: bool,
}

/// What a sync did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The height of the tip.
    pub height: u32,
    /// The hash of the tip.
    pub hash: BlockHash,
    /// The number of blocks searched.
    pub blocks: u32,
    /// Of these, the number that were not read, since their filters have nothing of ours.
    pub skipped: u32,
    /// The number of blocks that a reorganisation undid.
    pub undone: u32,
    /// The number of transactions of ours in the memory pool.
    pub pool: u32,
    /// The number of blocks that used so many far indices of a wallet that what they may pay beyond was not looked for in them.
    pub cut: u32,
}

/// Brings the ledger to the tip of `source`.
///
/// At most one process syncs a ledger at a time ([`StoreError::LeaseHeld`]).
pub async fn sync(
    store: &Store,
    source: &Arc<dyn ChainSource>,
    kind: ChainKind,
    options: SyncOptions,
    progress: &Progress,
) -> Result<SyncReport, SyncError> {
    let lease = Lease::take(store, LeaseName::Sync).await?;
    let alive = lease.keep_alive(store);
    let mut work = Work {
        store,
        source,
        lease: &lease,
        options,
        progress,
    };
    let result = work.run(kind).await;
    drop(alive);
    let released = lease.release(store).await;
    let report = result?;
    released?;
    Ok(report)
}

/// Checks that a source shows the chain that the ledger follows.
pub async fn check_chain(
    db: &mut Connection,
    source: &dyn ChainSource,
    kind: ChainKind,
) -> Result<(), SyncError> {
    let found = source.network().await?;
    if let Some(expected) = wallets::network(db).await?
        && expected != found
    {
        return Err(ChainError::OtherNetwork { expected, found }.into());
    }
    let recorded = match facts::get(db, Fact::Chain).await?.as_deref() {
        None => return Ok(()),
        Some("network") => ChainKind::Network,
        Some("rehearsal") => ChainKind::Rehearsal,
        Some(_) => return Err(StoreError::damaged("unknown kind of chain").into()),
    };
    match recorded == kind {
        true => Ok(()),
        false => Err(SyncError::OtherChain {
            recorded,
            found: kind,
        }),
    }
}

/// Why a round of blocks ended early.
enum Moved {
    /// The best chain, or the set of scripts, changed; begin again from what is committed.
    Restart,
    Failed(SyncError),
}

impl<E: Into<SyncError>> From<E> for Moved {
    fn from(error: E) -> Self {
        match error.into() {
            SyncError::Chain(ChainError::ChainMoved) => Moved::Restart,
            error => Moved::Failed(error),
        }
    }
}

struct Work<'a> {
    store: &'a Store,
    source: &'a Arc<dyn ChainSource>,
    lease: &'a Lease,
    options: SyncOptions,
    progress: &'a Progress,
}

/// What was done, over all rounds.
#[derive(Debug, Default)]
struct Done {
    blocks: u32,
    skipped: u32,
    undone: u32,
    cut: u32,
}

impl Work<'_> {
    async fn run(&mut self, kind: ChainKind) -> Result<SyncReport, SyncError> {
        self.options.every_block = self.begin(kind).await?;
        let mut done = Done::default();
        for _ in 0..ATTEMPTS {
            match self.round(&mut done).await {
                Ok((tip, pool)) => {
                    let mut write = self.store.write_under(self.lease).await?;
                    previous::prune(&mut write, tip.height).await?;
                    payout::follow::follow(&mut write).await?;
                    facts::set(&mut write, Fact::SyncedHeight, &tip.height.to_string()).await?;
                    facts::forget(&mut write, Fact::EveryBlock).await?;
                    write.commit().await?;
                    return Ok(SyncReport {
                        height: tip.height,
                        hash: tip.hash,
                        blocks: done.blocks,
                        skipped: done.skipped,
                        undone: done.undone,
                        pool,
                        cut: done.cut,
                    });
                }
                Err(Moved::Restart) => {}
                Err(Moved::Failed(error)) => return Err(error),
            }
        }
        Err(SyncError::Unstable)
    }

    /// Returns whether every block is to be read: now, or by a sync that was stopped and is continued.
    async fn begin(&self, kind: ChainKind) -> Result<bool, SyncError> {
        let mut write = self.store.write_under(self.lease).await?;
        if rows::is_empty(&mut write).await? {
            return Err(SyncError::NoWallets);
        }
        check_chain(&mut write, self.source.as_ref(), kind).await?;
        let name = match kind {
            ChainKind::Network => "network",
            ChainKind::Rehearsal => "rehearsal",
        };
        facts::set(&mut write, Fact::Chain, name).await?;
        if self.options.rescan {
            reorganisation::forget_chain(&mut write).await?;
            facts::forget(&mut write, Fact::EveryBlock).await?;
        }
        if self.options.every_block {
            facts::set(&mut write, Fact::EveryBlock, "1").await?;
        }
        let every_block = facts::get(&mut write, Fact::EveryBlock).await?.is_some();
        write.commit().await?;
        Ok(every_block)
    }

    /// Goes from whatever is committed to the tip, and reads the memory pool there.
    async fn round(&self, done: &mut Done) -> Result<(Tip, u32), Moved> {
        let tip = self.source.tip().await?;
        done.undone += reorganisation::undo_stale(self.store, self.lease, self.source.as_ref()).await?;
        let mut watch = Watch::load(self.store).await?;
        birthday::begin_new_wallets(self.store, self.lease, self.source.as_ref(), &mut watch, tip).await?;
        let start = watch.next_height().unwrap_or(0);
        if start <= tip.height {
            self.progress.say("searching");
            self.search(&mut watch, start, tip, done).await?;
        }
        self.progress.say("memory pool");
        let pool = pool::refresh(self.store, self.source.as_ref(), &watch).await?;
        // Had a block come meanwhile, a coin that it made might be spent in the memory pool without us knowing it.
        if self.source.tip().await? != tip {
            return Err(Moved::Restart);
        }
        let mut write = self.store.write_under(self.lease).await?;
        if rows::covered_in_total(&mut write).await? != watch.covered_in_ledger() {
            return Err(Moved::Restart);
        }
        let ours = pool.write(&mut write).await?;
        watch.refuse_impossible_pool(
            crate::store::pool::unspent_in_total(&mut write).await?,
            tip.height,
        )?;
        write.commit().await?;
        Ok((tip, ours))
    }

    /// Searches the blocks from `start` to the tip, and commits them in batches.
    async fn search(&self, watch: &mut Watch, start: u32, tip: Tip, done: &mut Done) -> Result<(), Moved> {
        watch.begin_search(&mut *self.store.read().await?, start).await?;
        let mut before = match start.checked_sub(1) {
            Some(below) => blocks::hash(&mut *self.store.read().await?, below).await?,
            None => None,
        };
        let mut fetch = Fetch::new(Arc::clone(self.source), start, tip.height);
        let filtered_below = tip.height.saturating_sub(filters::NEWEST_READ_WHOLE);
        if !self.options.every_block
            && start < filtered_below
            && let Some(scripts) = watch.scripts_needed_below(filtered_below, filters::MOST_SCRIPTS)
        {
            fetch = fetch.filtered(filtered_below, scripts);
        }
        let mut batch = Batch::new();
        while let Some((height, found)) = fetch.next().await? {
            let header = match &found {
                Found::Whole(block) => &block.header,
                Found::Skipped(header) => header,
            };
            if before.is_some_and(|before| before != header.prev_blockhash) {
                return Err(Moved::Restart);
            }
            let effects = match found {
                Found::Skipped(header) => {
                    batch.skipped += 1;
                    BlockEffects::none(height, &header)
                }
                Found::Whole(block) => {
                    check(&block)?;
                    let effects = scan::scan(watch, height, &block)?;
                    watch.refuse_impossible_sum(height)?;
                    let added = watch.take_added();
                    if !added.is_empty() {
                        fetch.look_for(added)?;
                    }
                    effects
                }
            };
            // Each block is the parent of the next, so the tip vouches for all of them.
            if height == tip.height && effects.hash != tip.hash {
                return Err(Moved::Restart);
            }
            before = Some(effects.hash);
            batch.push(effects);
            if batch.is_full() || height == tip.height {
                self.commit(watch, &batch).await?;
                done.blocks += batch.blocks.len() as u32;
                done.skipped += batch.skipped;
                done.cut += batch.blocks.iter().filter(|block| block.is_cut).count() as u32;
                batch = Batch::new();
            }
            self.progress.set(height - start + 1, tip.height - start + 1);
        }
        Ok(())
    }

    async fn commit(&self, watch: &mut Watch, batch: &Batch) -> Result<(), Moved> {
        let (Some(first), Some(last)) = (batch.blocks.first(), batch.blocks.last()) else {
            return Ok(());
        };
        let mut write = self.store.write_under(self.lease).await?;
        // Another process handed out addresses: their scripts were not looked for in these blocks.
        if rows::covered_in_total(&mut write).await? != watch.covered_in_ledger() {
            return Err(Moved::Restart);
        }
        for known in blocks::between(&mut write, first.height, last.height).await? {
            let searched = &batch.blocks[(known.height - first.height) as usize];
            if searched.hash != known.hash {
                return Err(Moved::Restart);
            }
        }
        let rows: Vec<_> = batch.blocks.iter().map(BlockEffects::row).collect();
        blocks::insert(&mut write, &rows).await?;
        for effects in &batch.blocks {
            effects.write(&mut write).await?;
        }
        watch.write_uses(&mut write).await?;
        rows::searched_below(&mut write, last.height + 1).await?;
        write.commit().await?;
        watch.uses_are_written();
        Ok(())
    }
}

/// Checks what a block itself proves.
fn check(block: &Block) -> Result<(), ChainError> {
    if !block.check_merkle_root() {
        let what = format!(
            "the transactions of block {} do not match its header",
            block.block_hash()
        );
        return Err(ChainError::Garbage(what));
    }
    if !block.txdata.iter().all(scan::amounts_are_possible) {
        let what = format!("block {} makes more money than there is", block.block_hash());
        return Err(ChainError::Garbage(what));
    }
    Ok(())
}

/// Searched blocks that are not committed yet.
struct Batch {
    blocks: Vec<BlockEffects>,
    skipped: u32,
    effects: usize,
    since: Instant,
}

impl Batch {
    fn new() -> Self {
        Batch {
            blocks: Vec::new(),
            skipped: 0,
            effects: 0,
            since: Instant::now(),
        }
    }

    fn push(&mut self, block: BlockEffects) {
        self.effects += block.len();
        self.blocks.push(block);
    }

    fn is_full(&self) -> bool {
        self.blocks.len() >= BATCH_BLOCKS
            || self.effects >= BATCH_EFFECTS
            || self.since.elapsed() >= BATCH_AGE
    }
}
