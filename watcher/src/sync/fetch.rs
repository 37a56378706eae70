//! Reads blocks of checked headers ahead, several at once, checks that each is what its header
//! says, and hands them out in order; those that a filter shows to be none of ours, by their header
//! alone.

use std::collections::VecDeque;
use std::sync::Arc;

use bitcoin::{Block, BlockHash};
use tokio::task::JoinHandle;

use super::SyncError;
use super::checks::Checks;
use super::filters::{self, MOST_SCRIPTS, Needle, Sifted};
use super::header_chain::HeaderChain;
use super::link::Link;
use super::proof;
use crate::chain::{Blocks, ChainError};

/// Blocks on their way at once; their number bounds the memory for them.
const AHEAD: usize = 6;
/// Filters asked for in one call: of full blocks, some 40 kB each in hexadecimal.
const FILTERS: usize = 100;
/// Such calls on their way at once.
const FILTER_CALLS: usize = 3;
/// After so many such calls in a row without filters, no more are asked for: one filter alone may
/// be damaged.
const WITHOUT_FILTERS: u32 = 3;

/// What a search has to know of a block.
#[derive(Debug)]
pub enum Found {
    /// The block.
    Whole(Block),
    /// A block whose filter has none of the scripts looked for.
    Skipped(Link),
}

/// A stream of blocks.
#[derive(Debug)]
pub struct Fetch {
    source: Arc<dyn Blocks>,
    chain: Arc<HeaderChain>,
    checks: Checks,
    /// The height of the next block to hand out.
    next: u32,
    last: u32,
    /// The height of the next block to read, or to ask for its filter.
    next_unsifted: u32,
    /// Filters are asked for below this height.
    filtered_below: u32,
    needles: Arc<Vec<Needle>>,
    filtering: VecDeque<Filtering>,
    /// How many of such calls in a row brought none.
    without_filters: u32,
    coming: VecDeque<Coming>,
}

/// The next blocks to hand out.
#[derive(Debug)]
enum Coming {
    Wanted(BlockHash),
    Reading(Task<Block>),
    Skipped { link: Link, sifted: Sifted },
}

/// Blocks whose filters are on their way.
#[derive(Debug)]
struct Filtering {
    links: Vec<Link>,
    /// The number of scripts that are looked for in them.
    needles: usize,
    task: Task<Option<Vec<Sifted>>>,
}

/// Something on its way; dropped, it is not waited for.
#[derive(Debug)]
struct Task<T>(JoinHandle<Result<T, SyncError>>);

impl<T: Send + 'static> Task<T> {
    fn new(work: impl Future<Output = Result<T, SyncError>> + Send + 'static) -> Self {
        Task(tokio::spawn(work))
    }

    async fn end(&mut self) -> Result<T, SyncError> {
        match (&mut self.0).await {
            Ok(result) => result,
            Err(error) => {
                Err(ChainError::Garbage(format!("reading a block failed: {error}")).into())
            }
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fetch {
    /// Reads the blocks of a chain from `first` to `last`, all of them whole and held to all rules.
    pub fn new(source: Arc<dyn Blocks>, chain: Arc<HeaderChain>, first: u32, last: u32) -> Self {
        Fetch {
            source,
            chain,
            checks: Checks::default(),
            next: first,
            last,
            next_unsifted: first,
            filtered_below: 0,
            needles: Arc::default(),
            filtering: VecDeque::new(),
            without_filters: 0,
            coming: VecDeque::new(),
        }
    }

    /// Holds blocks to other rules.
    pub fn held_to(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }

    /// Skips blocks below a height whose filters have none of the scripts, as far as the source has
    /// filters.
    pub fn filtered(mut self, below: u32, needles: Vec<Needle>) -> Self {
        if needles.len() <= MOST_SCRIPTS {
            self.filtered_below = below;
            self.needles = Arc::new(needles);
        }
        self
    }

    /// Looks for further scripts in all blocks that were not handed out yet.
    pub fn look_for(&mut self, scripts: Vec<Needle>) -> Result<(), ChainError> {
        for coming in &mut self.coming {
            if let Coming::Skipped { link, sifted } = coming
                && filters::matches(&sifted.filter, &link.hash, &scripts)?
            {
                *coming = Coming::Wanted(link.hash);
            }
        }
        if self.needles.len() + scripts.len() > MOST_SCRIPTS {
            self.filtered_below = 0;
        }
        if !self.filtering.is_empty() || self.next_unsifted < self.filtered_below {
            Arc::make_mut(&mut self.needles).extend(scripts);
        }
        Ok(())
    }

    /// Returns the next block with its height; `None` after the last one.
    ///
    /// Fails with [`ChainError::ChainMoved`] where the chain ends before the last one, and where a
    /// block is not what its header says.
    pub async fn next(&mut self) -> Result<Option<(u32, Found)>, SyncError> {
        while self.coming.len() < AHEAD && self.read_ahead().await? {}
        self.read();
        let found = match self.coming.pop_front() {
            None => return Ok(None),
            Some(Coming::Reading(mut task)) => Found::Whole(task.end().await?),
            Some(Coming::Wanted(hash)) => {
                Found::Whole(block(&self.source, hash, self.checks).await?)
            }
            Some(Coming::Skipped { link, .. }) => Found::Skipped(link),
        };
        let height = self.next;
        self.next += 1;
        Ok(Some((height, found)))
    }

    /// Begins to read the first of the blocks that are wanted.
    fn read(&mut self) {
        let mut reading = 0;
        for coming in &mut self.coming {
            if let Coming::Wanted(hash) = coming {
                let (source, hash, checks) = (Arc::clone(&self.source), *hash, self.checks);
                *coming =
                    Coming::Reading(Task::new(async move { block(&source, hash, checks).await }));
            }
            reading += usize::from(matches!(coming, Coming::Reading(_)));
            if reading == AHEAD {
                break;
            }
        }
    }

    /// Adds to the blocks that come; returns whether there were more to add.
    async fn read_ahead(&mut self) -> Result<bool, SyncError> {
        while self.filtering.len() < FILTER_CALLS && self.next_unsifted < self.filtered_below {
            let end = self.filtered_below.min(self.last + 1);
            let count = ((end - self.next_unsifted) as usize).min(FILTERS);
            let links: Vec<Link> = (0..count)
                .map(|_| self.next_link())
                .collect::<Result<_, _>>()?;
            let hashes = links.iter().map(|link| link.hash).collect();
            let needles = Arc::clone(&self.needles);
            let sift = filters::sift(Arc::clone(&self.source), hashes, Arc::clone(&needles));
            self.filtering.push_back(Filtering {
                links,
                needles: needles.len(),
                task: Task::new(async move { Ok(sift.await?) }),
            });
        }
        if let Some(filtering) = self.filtering.pop_front() {
            self.sifted(filtering).await?;
            return Ok(true);
        }
        if self.next_unsifted > self.last {
            return Ok(false);
        }
        let link = self.next_link()?;
        self.coming.push_back(Coming::Wanted(link.hash));
        Ok(true)
    }

    /// Returns the next block to read, or to ask for its filter.
    fn next_link(&mut self) -> Result<Link, ChainError> {
        let link = self
            .chain
            .get(self.next_unsifted)
            .ok_or(ChainError::ChainMoved)?;
        self.next_unsifted += 1;
        Ok(link)
    }

    async fn sifted(&mut self, mut filtering: Filtering) -> Result<(), SyncError> {
        let Some(all) = filtering.task.end().await? else {
            self.without_filters += 1;
            if self.without_filters == WITHOUT_FILTERS {
                self.filtered_below = 0;
            }
            self.coming.extend(
                filtering
                    .links
                    .into_iter()
                    .map(|link| Coming::Wanted(link.hash)),
            );
            return Ok(());
        };
        self.without_filters = 0;
        // Scripts that came while the filters were on their way.
        let new = &self.needles[filtering.needles..];
        for (link, sifted) in filtering.links.into_iter().zip(all) {
            let wanted = sifted.wanted || filters::matches(&sifted.filter, &link.hash, new)?;
            self.coming.push_back(match wanted {
                true => Coming::Wanted(link.hash),
                false => Coming::Skipped { link, sifted },
            });
        }
        Ok(())
    }
}

/// Reads a block, and checks what it proves by itself.
async fn block(
    source: &Arc<dyn Blocks>,
    hash: BlockHash,
    checks: Checks,
) -> Result<Block, SyncError> {
    let block = source.block(hash).await?;
    proof::block::check(&block, checks)?;
    Ok(block)
}
