//! Brings the ledger to the tip of a chain: each block is searched once, for all wallets together.
//!
//! - [`birthday`]: where the search for a new wallet begins.
//! - [`reorganisation`]: finds the last common block and undoes what stands above it.
//! - [`fetch`]: reads blocks ahead.
//! - [`watch`]: the scripts and coins to look for, in memory.
//! - [`scan`]: what one block does to the ledger.
//! - [`pool`]: what the memory pool does.
//!
//! Blocks are committed in batches together with each wallet's place, so that a sync killed at any moment continues
//! where its last batch ended.

pub mod birthday;
pub mod error;
pub mod fetch;
pub mod pool;
pub mod progress;
pub mod reorganisation;
pub mod scan;
pub mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::BlockHash;
use serde::Serialize;

use crate::chain::{ChainError, ChainSource, Tip};
use crate::payout;
use crate::settings::ChainKind;
use crate::store::facts::{self, Fact};
use crate::store::{Connection, Lease, LeaseName, Store, StoreError, blocks, previous, wallets as rows};
use crate::wallets;

pub use error::SyncError;
use fetch::Fetch;
use progress::Progress;
use scan::BlockEffects;
use watch::Watch;

/// A batch is committed when it has this many blocks, or this many coins and spends, or is this old.
const BATCH_BLOCKS: usize = 500;
const BATCH_EFFECTS: usize = 5_000;
const BATCH_AGE: Duration = Duration::from_secs(2);

/// How often the sync starts over when the chain changes under it.
const ATTEMPTS: u32 = 20;

/// What a sync did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The height of the tip.
    pub height: u32,
    /// The hash of the tip.
    pub hash: BlockHash,
    /// The number of blocks searched.
    pub blocks: u32,
    /// The number of blocks that a reorganisation undid.
    pub undone: u32,
    /// The number of transactions of ours in the memory pool.
    pub pool: u32,
}

/// Brings the ledger to the tip of `source`.
///
/// With `rescan`, what the chain told before is forgotten first; handed out indices and payouts stay. At most one
/// process syncs a ledger at a time ([`StoreError::LeaseHeld`]).
pub async fn sync(
    store: &Store,
    source: &Arc<dyn ChainSource>,
    kind: ChainKind,
    rescan: bool,
    progress: &Progress,
) -> Result<SyncReport, SyncError> {
    let lease = Lease::take(store, LeaseName::Sync).await?;
    let alive = lease.keep_alive(store);
    let work = Work {
        store,
        source,
        lease: &lease,
        progress,
    };
    let result = work.run(kind, rescan).await;
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
    progress: &'a Progress,
}

impl Work<'_> {
    async fn run(&self, kind: ChainKind, rescan: bool) -> Result<SyncReport, SyncError> {
        self.begin(kind, rescan).await?;
        let (mut blocks, mut undone) = (0, 0);
        for _ in 0..ATTEMPTS {
            match self.round(&mut blocks, &mut undone).await {
                Ok((tip, pool)) => {
                    let mut write = self.store.write_under(self.lease).await?;
                    previous::prune(&mut write, tip.height).await?;
                    payout::follow::follow(&mut write).await?;
                    facts::set(&mut write, Fact::SyncedHeight, &tip.height.to_string()).await?;
                    write.commit().await?;
                    return Ok(SyncReport {
                        height: tip.height,
                        hash: tip.hash,
                        blocks,
                        undone,
                        pool,
                    });
                }
                Err(Moved::Restart) => {}
                Err(Moved::Failed(error)) => return Err(error),
            }
        }
        Err(SyncError::Unstable)
    }

    async fn begin(&self, kind: ChainKind, rescan: bool) -> Result<(), SyncError> {
        let mut write = self.store.write_under(self.lease).await?;
        if rows::all(&mut write).await?.is_empty() {
            return Err(SyncError::NoWallets);
        }
        check_chain(&mut write, self.source.as_ref(), kind).await?;
        let name = match kind {
            ChainKind::Network => "network",
            ChainKind::Rehearsal => "rehearsal",
        };
        facts::set(&mut write, Fact::Chain, name).await?;
        if rescan {
            reorganisation::forget_chain(&mut write).await?;
        }
        Ok(write.commit().await?)
    }

    /// Goes from whatever is committed to the tip, and reads the memory pool there.
    async fn round(&self, blocks: &mut u32, undone: &mut u32) -> Result<(Tip, u32), Moved> {
        let tip = self.source.tip().await?;
        *undone += reorganisation::undo_stale(self.store, self.lease, self.source.as_ref()).await?;
        birthday::begin_new_wallets(self.store, self.lease, self.source.as_ref(), tip).await?;
        let mut watch = Watch::load(self.store).await?;
        let start = watch.next_height().unwrap_or(0);
        if start <= tip.height {
            self.progress.say("searching");
            self.search(&mut watch, start, tip, blocks).await?;
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
        write.commit().await?;
        Ok((tip, ours))
    }

    /// Searches the blocks from `start` to the tip, and commits them in batches.
    async fn search(&self, watch: &mut Watch, start: u32, tip: Tip, blocks: &mut u32) -> Result<(), Moved> {
        let mut before = match start.checked_sub(1) {
            Some(below) => blocks::hash(&mut *self.store.read().await?, below).await?,
            None => None,
        };
        let mut fetch = Fetch::new(Arc::clone(self.source), start, tip.height);
        let mut batch = Batch::new();
        while let Some((height, block)) = fetch.next().await? {
            if before.is_some_and(|before| before != block.header.prev_blockhash) {
                return Err(Moved::Restart);
            }
            if !block.check_merkle_root() {
                let what = format!(
                    "the transactions of block {} do not match its header",
                    block.block_hash()
                );
                return Err(ChainError::Garbage(what).into());
            }
            if !block.txdata.iter().all(scan::amounts_are_possible) {
                let what = format!("block {} makes more money than there is", block.block_hash());
                return Err(ChainError::Garbage(what).into());
            }
            let effects = scan::scan(watch, height, &block)?;
            // Each block is the parent of the next, so the tip vouches for all of them.
            if height == tip.height && effects.hash != tip.hash {
                return Err(Moved::Restart);
            }
            before = Some(effects.hash);
            batch.push(effects);
            if batch.is_full() || height == tip.height {
                *blocks += self.commit(watch, &mut batch).await?;
            }
            self.progress.set(height - start + 1, tip.height - start + 1);
        }
        Ok(())
    }

    async fn commit(&self, watch: &mut Watch, batch: &mut Batch) -> Result<u32, Moved> {
        let mut write = self.store.write_under(self.lease).await?;
        // Another process handed out addresses: their scripts were not looked for in these blocks.
        if rows::covered_in_total(&mut write).await? != watch.covered_in_ledger() {
            return Err(Moved::Restart);
        }
        for effects in &batch.blocks {
            if blocks::hash(&mut write, effects.height)
                .await?
                .is_some_and(|hash| hash != effects.hash)
            {
                return Err(Moved::Restart);
            }
            effects.write(&mut write).await?;
        }
        watch.write_uses(&mut write).await?;
        if let Some(last) = batch.blocks.last() {
            rows::searched_below(&mut write, last.height + 1).await?;
        }
        write.commit().await?;
        watch.uses_are_written();
        Ok(batch.clear())
    }
}

/// Searched blocks that are not committed yet.
struct Batch {
    blocks: Vec<BlockEffects>,
    effects: usize,
    since: Instant,
}

impl Batch {
    fn new() -> Self {
        Batch {
            blocks: Vec::new(),
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

    /// Empties the batch, and returns how many blocks it had.
    fn clear(&mut self) -> u32 {
        let blocks = self.blocks.len() as u32;
        *self = Batch::new();
        blocks
    }
}
