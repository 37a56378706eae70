//! Brings the ledger to the tip of a chain: each block is searched once, for all wallets together.
//!
//! - [`header_chain`]: the headers of the source's chain, checked before a block is searched.
//! - [`birthday`]: where the search for a new wallet begins.
//! - [`reorganisation`]: finds the last common block and undoes what stands above it.
//! - [`fetch`]: reads blocks ahead; [`filters`]: which of them need not be read.
//! - [`watch`]: the scripts and coins to look for, in memory; [`script_set`]: the scripts.
//! - `history`: what blocks did to our coins, from whatever a source has; [`scan`]: what one did;
//!   [`supply`]: how much money there can be.
//! - [`proof`]: what the source's answers prove; [`checks`]: the rules that it is held to.
//! - [`pool`]: what the memory pool does.
//!
//! Blocks are committed in batches together with each wallet's place, so that a sync killed at any
//! moment continues where its last batch ended.

pub mod birthday;
pub mod checks;
pub mod error;
pub mod fetch;
pub mod filters;
pub mod header_chain;
mod history;
pub mod link;
pub mod pool;
pub mod progress;
pub mod proof;
pub mod proof_error;
pub mod reorganisation;
pub mod scan;
pub mod script_set;
pub mod supply;
pub mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::BlockHash;
use cofferdam_core::Network;
use serde::Serialize;

use crate::chain::{Blocks, ChainError, ChainSource, Source, Tip};
use crate::payout;
use crate::settings::ChainKind;
use crate::store::facts::{self, Fact};
use crate::store::{
    Connection, Lease, LeaseName, Store, StoreError, blocks, previous, wallets as rows,
};
use crate::wallets;

use checks::{Checks, Rule};
pub use error::SyncError;
use fetch::Fetch;
use header_chain::{Followed, Following, HeaderChain, NewHeaders};
use history::{BlockHistory, History, Told};
use progress::{Phase, Progress};
use scan::BlockEffects;
use watch::Watch;

/// A batch is committed when it has this many blocks, or this many coins and spends, or is this
/// old.
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
    /// Read every block whole, also where filters show that there is nothing of ours in it. When it
    /// is stopped, the next sync goes on so.
    pub every_block: bool,
    /// Follow a chain that has no more work than the ledger's, which is undone as far as it
    /// differs.
    pub accept_less_work: bool,
    /// The rules that the source is held to: all of them, but in tests of a rule.
    pub checks: Checks,
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
    /// The number of blocks that used so many far indices of a wallet that what they may pay beyond
    /// was not looked for in them.
    pub cut: u32,
    /// The number of transactions in the memory pool that spend a coin of ours without a proven
    /// signature; they are not believed.
    pub unproven: u32,
}

/// Brings the ledger to the tip of `source`.
///
/// At most one process syncs a ledger at a time ([`StoreError::LeaseHeld`]).
pub async fn sync(
    store: &Store,
    source: &Arc<dyn ChainSource>,
    kind: ChainKind,
    options: SyncOptions,
    progress: &dyn Progress,
) -> Result<SyncReport, SyncError> {
    let lease = Lease::take(store, LeaseName::Sync).await?;
    let alive = lease.keep_alive(store);
    let mut work = Work {
        store,
        source,
        lease: &lease,
        options,
        progress,
        network: Network::Mainnet,
        forget: options.rescan,
    };
    let result = work.run(kind).await;
    drop(alive);
    let released = lease.release(store).await;
    let report = result?;
    released?;
    Ok(report)
}

/// Checks that a source shows the chain that the ledger follows, and returns its network.
pub async fn check_chain(
    db: &mut Connection,
    source: &dyn Source,
    kind: ChainKind,
) -> Result<Network, SyncError> {
    let found = source.network().await?;
    if let Some(expected) = wallets::network(db).await?
        && expected != found
    {
        return Err(ChainError::OtherNetwork { expected, found }.into());
    }
    refuse_other_kind(db, kind).await?;
    Ok(found)
}

/// Refuses a kind of chain that the ledger does not follow: what happens on it does not happen to
/// this ledger's wallets.
pub async fn refuse_other_kind(db: &mut Connection, kind: ChainKind) -> Result<(), SyncError> {
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
    progress: &'a dyn Progress,
    /// The source's network, once the source was asked.
    network: Network,
    /// Whether all that the chain told is still to be forgotten, once the source's chain was
    /// checked.
    forget: bool,
}

/// What was done, over all rounds.
#[derive(Debug)]
struct Done {
    blocks: u32,
    skipped: u32,
    undone: u32,
    cut: u32,
    /// The work of the chain, from where its check began.
    work: bitcoin::Work,
}

impl Work<'_> {
    async fn run(&mut self, kind: ChainKind) -> Result<SyncReport, SyncError> {
        self.options.every_block = self.begin(kind).await?;
        let mut done = Done {
            blocks: 0,
            skipped: 0,
            undone: 0,
            cut: 0,
            work: bitcoin::Work::from_be_bytes([0; 32]),
        };
        for _ in 0..ATTEMPTS {
            match self.round(&mut done).await {
                Ok((tip, (pool, unproven))) => {
                    let mut write = self.store.write_under(self.lease).await?;
                    previous::prune(&mut write, tip.height).await?;
                    payout::follow::follow(&mut write).await?;
                    facts::set(&mut write, Fact::SyncedHeight, &tip.height.to_string()).await?;
                    header_chain::note_work(&mut write, tip.height, done.work).await?;
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
                        unproven,
                    });
                }
                Err(Moved::Restart) => {}
                Err(Moved::Failed(error)) => return Err(error),
            }
        }
        Err(SyncError::Unstable)
    }

    /// Returns whether every block is to be read: now, or by a sync that was stopped and is
    /// continued.
    async fn begin(&mut self, kind: ChainKind) -> Result<bool, SyncError> {
        let mut write = self.store.write_under(self.lease).await?;
        if rows::is_empty(&mut write).await? {
            return Err(SyncError::NoWallets);
        }
        self.network = check_chain(&mut write, self.source.as_ref(), kind).await?;
        let name = match kind {
            ChainKind::Network => "network",
            ChainKind::Rehearsal => "rehearsal",
        };
        facts::set(&mut write, Fact::Chain, name).await?;
        if self.options.rescan {
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
    async fn round(&mut self, done: &mut Done) -> Result<(Tip, (u32, u32)), Moved> {
        let tip = self.source.tip().await?;
        let source = self.source.as_ref();
        let Followed {
            mut chain,
            mut new,
            undone,
            work,
        } = self.follow(tip).await?;
        done.undone += undone;
        done.work = work;
        done.undone += reorganisation::undo_stale(self.store, self.lease, source, &chain).await?;
        let mut watch = Watch::load(self.store).await?;
        let (store, lease, progress) = (self.store, self.lease, self.progress);
        birthday::begin_new_wallets(store, lease, source, &mut watch, &mut chain, tip, progress)
            .await?;
        let start = watch.next_height().unwrap_or(0);
        if let Some(below) = start.checked_sub(1)
            && !new.is_empty()
        {
            let mut write = store.write_under(lease).await?;
            new.record_up_to(&mut write, below).await?;
            write.commit().await?;
        }
        if start <= tip.height {
            chain
                .reach_down(source, start.saturating_sub(1), progress)
                .await?;
            self.progress.begins(Phase::Blocks);
            self.search(&mut watch, start, tip, chain, &mut new, done)
                .await?;
        }
        self.progress.begins(Phase::MemoryPool);
        let pool = pool::refresh(
            self.store,
            self.source.as_ref(),
            &watch,
            self.options.checks,
        )
        .await?;
        // Had a block come meanwhile, a coin that it made might be spent in the memory pool without
        // us knowing it.
        if self.source.tip().await? != tip {
            return Err(Moved::Restart);
        }
        let mut write = self.store.write_under(self.lease).await?;
        if rows::covered_in_total(&mut write).await? != watch.covered_in_ledger() {
            return Err(Moved::Restart);
        }
        let ours = pool.write(&mut write).await?;
        if self.options.checks.has(Rule::Amounts) {
            let sum = crate::store::pool::unspent_in_total(&mut write).await?;
            watch.refuse_impossible_pool(sum, tip.height)?;
        }
        write.commit().await?;
        Ok((tip, ours))
    }

    /// Checks the headers up to the tip.
    async fn follow(&mut self, tip: Tip) -> Result<Followed, SyncError> {
        let following = Following {
            network: self.network,
            checks: self.options.checks,
            accept_less_work: self.options.accept_less_work,
            rescan: self.options.rescan,
        };
        let source = self.source.as_ref();
        let followed = header_chain::follow(
            self.store,
            self.lease,
            source,
            tip,
            following,
            self.progress,
        )
        .await?;
        if self.forget {
            let mut write = self.store.write_under(self.lease).await?;
            reorganisation::forget_chain(&mut write).await?;
            write.commit().await?;
            self.forget = false;
        }
        Ok(followed)
    }

    /// Searches the blocks of a chain from `start` to the tip, and commits them in batches.
    async fn search(
        &self,
        watch: &mut Watch,
        start: u32,
        tip: Tip,
        chain: HeaderChain,
        new: &mut NewHeaders,
        done: &mut Done,
    ) -> Result<(), Moved> {
        watch
            .begin_search(&mut *self.store.read().await?, start)
            .await?;
        // What was searched before is of this chain too.
        if let Some(below) = start.checked_sub(1)
            && let Some(ours) = blocks::hash(&mut *self.store.read().await?, below).await?
            && chain.get(below).map(|link| link.hash) != Some(ours)
        {
            return Err(Moved::Restart);
        }
        let chain = Arc::new(chain);
        let source: Arc<dyn Blocks> = Arc::clone(self.source) as _;
        let mut fetch =
            Fetch::new(source, Arc::clone(&chain), start, tip.height).held_to(self.options.checks);
        let filtered_below = tip.height.saturating_sub(filters::NEWEST_READ_WHOLE);
        if !self.options.every_block
            && start < filtered_below
            && let Some(scripts) = watch.scripts_needed_below(filtered_below, filters::MOST_SCRIPTS)
        {
            fetch = fetch.filtered(filtered_below, scripts);
        }
        let history = BlockHistory::new(fetch, self.options.checks, self.network);
        self.record(watch, history, &chain, (start, tip), new, done)
            .await
    }

    /// Records what a history tells, in batches.
    async fn record(
        &self,
        watch: &mut Watch,
        mut history: impl History,
        chain: &HeaderChain,
        (start, tip): (u32, Tip),
        new: &mut NewHeaders,
        done: &mut Done,
    ) -> Result<(), Moved> {
        let mut batch = Batch::new();
        while let Some(Told { effects, was_read }) = history.next(watch).await? {
            let height = effects.height;
            batch.skipped += u32::from(!was_read);
            if chain.get(height).map(|link| link.hash) != Some(effects.hash) {
                let what = format!("another block than that of height {height}");
                return Err(Moved::Failed(ChainError::Garbage(what).into()));
            }
            batch.push(effects);
            if batch.is_full() || height == tip.height {
                self.commit(watch, &batch, new).await?;
                done.blocks += batch.blocks.len() as u32;
                done.skipped += batch.skipped;
                done.cut += batch.blocks.iter().filter(|block| block.is_cut).count() as u32;
                batch = Batch::new();
            }
            self.progress
                .reached(height - start + 1, tip.height - start + 1);
        }
        Ok(())
    }

    async fn commit(
        &self,
        watch: &mut Watch,
        batch: &Batch,
        new: &mut NewHeaders,
    ) -> Result<(), Moved> {
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
        let spenders: Vec<_> = batch
            .blocks
            .iter()
            .flat_map(BlockEffects::spenders)
            .collect();
        payout::sighting::note(&mut write, &spenders).await?;
        watch.write_uses(&mut write).await?;
        rows::searched_below(&mut write, last.height + 1).await?;
        new.record_up_to(&mut write, last.height).await?;
        write.commit().await?;
        watch.uses_are_written();
        Ok(())
    }
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
        self.effects += block.len() + block.outputs_to_note();
        self.blocks.push(block);
    }

    fn is_full(&self) -> bool {
        self.blocks.len() >= BATCH_BLOCKS
            || self.effects >= BATCH_EFFECTS
            || self.since.elapsed() >= BATCH_AGE
    }
}
