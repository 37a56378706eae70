//! The headers of the source's best chain, checked before any of its blocks is searched.
//!
//! They begin at the network's checkpoint, or where the ledger's own headers do, and end at the
//! tip: so every block that is searched is one of them, or an ancestor that their hashes prove. A
//! chain takes the place of the ledger's only with more work.

use std::collections::VecDeque;

use bitcoin::block::Header;
use bitcoin::{BlockHash, Work, constants};
use cofferdam_core::Network;

use super::SyncError;
use super::checks::{Checks, Rule};
use super::link::Link;
use super::progress::{Phase, Progress};
use super::proof::HeaderFault;
use super::proof::ProofError;
use super::proof::headers::{Place, Rules, first_needed};
use super::proof::network::genesis;
use super::reorganisation::DEEPEST;
use crate::chain::{Blocks, ChainError, Tip};
use crate::clock;
use crate::store::facts::{self, Fact};
use crate::store::headers::{self, CheckedHeader};
use crate::store::{Connection, Lease, Store, StoreError, blocks};

/// Headers asked for at once.
const AT_ONCE: u32 = 2_000;
/// More blocks than any network will have for decades: as many are told apart from nonsense, and
/// bound the memory for them.
const MOST_BLOCKS: u32 = 5_000_000;

/// Checked headers, from some height up to the tip.
#[derive(Clone, Debug)]
pub struct HeaderChain {
    first: u32,
    links: VecDeque<Link>,
    /// The hash of the block before the first one.
    before: BlockHash,
}

/// What a sync does about a source's chain.
#[derive(Clone, Copy, Debug)]
pub struct Following {
    /// The network that the source works on.
    pub network: Network,
    /// The rules that it is held to.
    pub checks: Checks,
    /// Whether a chain with less work is accepted.
    pub accept_less_work: bool,
    /// Whether a chain is accepted that parts from the ledger's further back than any honest
    /// reorganisation.
    pub rescan: bool,
}

impl HeaderChain {
    /// Makes one of hashes and times that nobody checked, as for tests.
    pub fn unchecked(first: u32, links: impl IntoIterator<Item = Link>) -> Self {
        HeaderChain {
            first,
            links: links.into_iter().collect(),
            before: bitcoin::hashes::Hash::all_zeros(),
        }
    }

    /// Returns a block of the chain; `None` above its tip, and below what is known of it.
    pub fn get(&self, height: u32) -> Option<Link> {
        let place = height.checked_sub(self.first)?;
        self.links.get(place as usize).copied()
    }

    /// Returns the lowest height that is known.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Adds the chain down to a height, proven by the hashes from there up to what is known.
    pub async fn reach_down(
        &mut self,
        source: &dyn Blocks,
        height: u32,
        progress: &dyn Progress,
    ) -> Result<(), SyncError> {
        if height >= self.first {
            return Ok(());
        }
        progress.begins(Phase::Headers);
        let mut older: Vec<Link> = Vec::new();
        let mut before: Option<BlockHash> = None;
        let mut last: Option<BlockHash> = None;
        let mut next = height;
        while next < self.first {
            for header in read(source, next, self.first - 1).await? {
                if last.is_some_and(|last| last != header.prev_blockhash) {
                    return Err(ChainError::ChainMoved.into());
                }
                before.get_or_insert(header.prev_blockhash);
                let link = Link::of(&header);
                last = Some(link.hash);
                older.push(link);
            }
            next = height + older.len() as u32;
            progress.reached(older.len() as u32, self.first - height);
        }
        if last != Some(self.before) {
            return Err(ChainError::ChainMoved.into());
        }
        for link in older.into_iter().rev() {
            self.links.push_front(link);
        }
        self.first = height;
        self.before = before.unwrap_or(self.before);
        Ok(())
    }
}

/// A source's chain, whose headers were checked.
#[derive(Debug)]
pub struct Followed {
    /// The chain.
    pub chain: HeaderChain,
    /// The headers that the ledger does not have yet.
    pub new: NewHeaders,
    /// How many of the ledger's blocks were undone, since the chain does not have them.
    pub undone: u32,
    /// The work of all headers up to the tip, from where their check began.
    pub work: Work,
}

/// Checked headers that are to be recorded with their blocks.
#[derive(Debug)]
pub struct NewHeaders {
    /// The height of the highest header that the ledger has.
    common: Option<u32>,
    headers: Vec<CheckedHeader>,
    /// Below this height, none are kept.
    lowest: u32,
}

/// Checks the headers of the source's chain up to its tip, and undoes the blocks of the ledger that
/// it does not have.
///
/// # Errors
///
/// A header breaks a rule of the network, the chain has no more work than what it would undo, or it
/// moves while it is read. Nothing was undone then.
pub async fn follow(
    store: &Store,
    lease: &Lease,
    source: &dyn Blocks,
    tip: Tip,
    following: Following,
    progress: &dyn Progress,
) -> Result<Followed, SyncError> {
    let checks = following.checks;
    let rules = Rules::of(following.network, checks);
    check_ends(source, tip, &rules, following).await?;
    let mut view = store.read().await?;
    let ours = headers::all(&mut view).await?;
    let searched = blocks::tip(&mut view).await?;
    let most = most_work(&mut view).await?;
    drop(view);

    let (kept, mut place) = match last_common(source, tip, &ours, following.rescan).await? {
        Some(common) => {
            let kept = &ours[..=common];
            (kept, replay(kept, &rules))
        }
        None => (&ours[..0], first(source, &rules).await?),
    };
    let mut chain = HeaderChain {
        first: place.height + 1,
        links: VecDeque::new(),
        before: place.hash,
    };
    let mut new: Vec<CheckedHeader> = Vec::new();
    if let Some(lowest) = kept.first() {
        chain.first = lowest.height;
        chain.before = lowest.header.prev_blockhash;
        chain.links = kept.iter().map(|ours| Link::of(&ours.header)).collect();
    } else {
        let header = place.last();
        chain.first = place.height;
        chain.before = header.prev_blockhash;
        chain.links.push_back(Link::of(&header));
        new.push(checked(&place));
    }
    let from = place.height;
    let now = u32::try_from(clock::now()).unwrap_or(u32::MAX);
    while place.height < tip.height {
        progress.begins(Phase::Headers);
        for header in read(source, place.height + 1, tip.height).await? {
            match place.push(&header, &rules, now) {
                Ok(()) => {}
                // As when the chain is reorganised meanwhile.
                Err(HeaderFault::NotLinked) => return Err(ChainError::ChainMoved.into()),
                Err(fault) => {
                    return Err(ProofError::Header {
                        height: place.height + 1,
                        hash: header.block_hash(),
                        fault,
                    }
                    .into());
                }
            }
            chain.links.push_back(Link::of(&header));
            new.push(checked(&place));
        }
        progress.reached(place.height - from, tip.height - from);
    }
    if place.hash != tip.hash {
        return Err(ChainError::ChainMoved.into());
    }
    if checks.has(Rule::MoreWork) && !following.accept_less_work {
        has_more_work(&ours, kept, &chain, searched, &place)?;
        // Also after a chain of more work turned out to have a block that is none.
        if let Some((height, work)) = most
            && place.work < work
        {
            let undone = height.saturating_sub(place.height);
            return Err(less_work(height, &place, undone));
        }
    }
    let new = NewHeaders {
        common: kept.last().map(|kept| kept.height),
        headers: new,
        lowest: first_needed(tip.height.saturating_sub(DEEPEST)),
    };
    let undone = match kept.len() < ours.len() {
        true => new.undo(store, lease).await?,
        false => 0,
    };
    Ok(Followed {
        chain,
        new,
        undone,
        work: place.work,
    })
}

/// Checks where a chain begins, and that it is long enough, but not longer than any.
async fn check_ends(
    source: &dyn Blocks,
    tip: Tip,
    rules: &Rules,
    following: Following,
) -> Result<(), SyncError> {
    let checks = following.checks;
    if checks.has(Rule::Bounds) && tip.height > MOST_BLOCKS {
        return Err(ProofError::TooMany {
            what: "blocks",
            found: tip.height as usize,
            limit: MOST_BLOCKS as usize,
        }
        .into());
    }
    let (network, expected) = (following.network, genesis(following.network));
    let found = source.block_hash(0).await?.ok_or(ChainError::ChainMoved)?;
    if checks.has(Rule::Genesis) && found != expected {
        return Err(ProofError::OtherGenesis {
            network,
            expected,
            found,
        }
        .into());
    }
    let checkpoint = rules.checkpoint.height;
    if tip.height < checkpoint {
        return Err(ProofError::BehindCheckpoint {
            height: tip.height,
            checkpoint,
        }
        .into());
    }
    Ok(())
}

/// Returns the place of the highest of our headers that the source has too; `None` when there is
/// none to build on.
async fn last_common(
    source: &dyn Blocks,
    tip: Tip,
    ours: &[CheckedHeader],
    rescan: bool,
) -> Result<Option<usize>, SyncError> {
    let Some(last) = ours.len().checked_sub(1) else {
        return Ok(None);
    };
    let hash = |place: usize| ours[place].header.block_hash();
    if hash(last) == tip.hash {
        return Ok(Some(last));
    }
    // Most often none of ours, or few, are gone; so ever more are asked for.
    let (mut end, mut count) = (last + 1, 1);
    while end > 0 {
        let begin = end.saturating_sub(count);
        let theirs = source
            .block_hashes(ours[begin].height, (end - begin) as u32)
            .await?;
        let common = (begin..end).rev().find(|place| {
            let theirs = theirs.get(place - begin);
            theirs == Some(&hash(*place))
        });
        if let Some(common) = common {
            if last - common > DEEPEST as usize && !rescan {
                break;
            }
            return Ok((last - common <= DEEPEST as usize).then_some(common));
        }
        (end, count) = (begin, (count * 10).min(AT_ONCE as usize));
    }
    match rescan {
        true => Ok(None),
        false => Err(SyncError::TooDeep { limit: DEEPEST }),
    }
}

/// Returns where a check of headers begins that has nothing to build on.
async fn first(source: &dyn Blocks, rules: &Rules) -> Result<Place, SyncError> {
    let height = rules.first_height();
    let header = match height {
        0 => constants::genesis_block(rules.network().to_bitcoin()).header,
        height => {
            let headers = read(source, height, height).await?;
            *headers.first().ok_or(ChainError::ChainMoved)?
        }
    };
    Ok(Place::after_first(height, header, header.work()))
}

/// Returns the place after the last of our own headers.
fn replay(kept: &[CheckedHeader], rules: &Rules) -> Place {
    let first = kept[0];
    let mut place = Place::after_first(first.height, first.header, first.work);
    for ours in &kept[1..] {
        place.advance(&ours.header, ours.header.block_hash(), rules);
    }
    place
}

fn checked(place: &Place) -> CheckedHeader {
    CheckedHeader {
        height: place.height,
        header: place.last(),
        work: place.work,
    }
}

/// Reads headers from a height on, some at once.
async fn read(source: &dyn Blocks, from: u32, last: u32) -> Result<Vec<Header>, ChainError> {
    let count = (last - from + 1).min(AT_ONCE);
    let hashes = source.block_hashes(from, count).await?;
    if hashes.is_empty() || hashes.len() > count as usize {
        return Err(ChainError::ChainMoved);
    }
    let headers = source.headers(&hashes).await?;
    match headers.len() == hashes.len() {
        true => Ok(headers),
        false => Err(ChainError::Garbage(format!(
            "{} headers for {} blocks",
            headers.len(),
            hashes.len()
        ))),
    }
}

fn less_work(height: u32, place: &Place, undone: u32) -> SyncError {
    SyncError::LessWork {
        height,
        node: place.height,
        undone,
    }
}

/// Returns the height and the work of the chain that the last finished sync followed.
async fn most_work(db: &mut Connection) -> Result<Option<(u32, Work)>, StoreError> {
    let Some(fact) = facts::get(db, Fact::MostWork).await? else {
        return Ok(None);
    };
    let read = |fact: &str| {
        let (height, work) = fact.split_once(' ')?;
        Some((height.parse().ok()?, Work::from_unprefixed_hex(work).ok()?))
    };
    match read(&fact) {
        Some(most) => Ok(Some(most)),
        None => Err(StoreError::damaged("the work of a chain cannot be read")),
    }
}

/// Remembers the chain that a sync followed to its tip.
pub async fn note_work(db: &mut Connection, height: u32, work: Work) -> Result<(), StoreError> {
    facts::set(db, Fact::MostWork, &format!("{height} {work:x}")).await
}

/// Checks that what takes the place of our own headers has more work.
fn has_more_work(
    ours: &[CheckedHeader],
    kept: &[CheckedHeader],
    chain: &HeaderChain,
    searched: Option<Tip>,
    place: &Place,
) -> Result<(), SyncError> {
    if let Some(best) = ours.last() {
        if kept.len() < ours.len() && place.work <= best.work {
            return Err(less_work(
                best.height,
                place,
                (ours.len() - kept.len()) as u32,
            ));
        }
        return Ok(());
    }
    // A ledger of an earlier version: it has blocks, and no headers of them. Where difficulties are
    // alike, height tells the work.
    match searched {
        Some(tip)
            if place.height <= tip.height
                && chain.get(tip.height).map(|link| link.hash) != Some(tip.hash) =>
        {
            Err(less_work(
                tip.height,
                place,
                (tip.height - place.height).max(1),
            ))
        }
        _ => Ok(()),
    }
}

impl NewHeaders {
    /// Undoes the headers and blocks that are no longer in the chain, and returns how many blocks
    /// were undone.
    async fn undo(&self, store: &Store, lease: &Lease) -> Result<u32, SyncError> {
        // A ledger that has no header in common has blocks perhaps: each is compared with the
        // chain's.
        let Some(common) = self.common else {
            return Ok(0);
        };
        let mut write = store.write_under(lease).await?;
        let undone = blocks::count_above(&mut write, common).await?;
        if undone > 0 {
            blocks::undo_above(&mut write, Some(common)).await?;
        }
        headers::undo_above(&mut write, Some(common)).await?;
        write.commit().await?;
        Ok(undone)
    }

    /// Tells whether all are recorded.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Records headers up to a height whose blocks are proven or need no proof, inside a write.
    /// Those of blocks that are refused are never recorded: a chain that has them has no work.
    pub async fn record_up_to(
        &mut self,
        db: &mut Connection,
        height: u32,
    ) -> Result<(), StoreError> {
        let end = self
            .headers
            .partition_point(|checked| checked.height <= height);
        if end == 0 {
            return Ok(());
        }
        if self.common.is_none() {
            headers::undo_above(db, None).await?;
        }
        let rest = self.headers.split_off(end);
        let first = self
            .headers
            .partition_point(|checked| checked.height < self.lowest);
        headers::insert(db, &self.headers[first..]).await?;
        headers::drop_below(db, self.lowest).await?;
        self.common = Some(height);
        self.headers = rest;
        Ok(())
    }
}
