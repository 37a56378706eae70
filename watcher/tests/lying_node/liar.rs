//! The node that lies.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash, Transaction, Txid};
use cofferdam_core::Network;
use cofferdam_watcher::chain::{
    Answer, Blocks, ChainError, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};

use super::forged::Forged;

/// Hashes, headers, blocks and transactions that a sync may ask for, here where an honest chain has
/// a dozen of each.
const MOST_WORK: usize = 30_000;

/// What is said beside what the chain has.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) network: Option<Network>,
    pub(super) tip: Option<Tip>,
    /// The txids of the memory pool, whatever is in it.
    pub(super) pool: Option<Vec<Txid>>,
    /// What is served for a transaction, whatever it is.
    pub(super) transactions: HashMap<Txid, Option<Transaction>>,
    /// What is served for a block, whatever it is.
    pub(super) blocks: HashMap<BlockHash, Block>,
    /// The hash of one height, whatever the block.
    pub(super) hashes: HashMap<u32, BlockHash>,
    /// What a filter has: nothing, or bytes.
    pub(super) filters: Option<Vec<u8>>,
    /// The chain never ends.
    pub(super) endless: bool,
    pub(super) test_accept: Option<TestAccept>,
    pub(super) sent: Option<Result<Sent, ChainError>>,
    more: Vec<Header>,
}

/// A source that lies.
#[derive(Clone, Debug)]
pub(super) struct Liar {
    /// What it shows.
    pub(super) chain: Forged,
    words: Arc<Mutex<Words>>,
    work: Arc<AtomicUsize>,
    exhausted: Arc<AtomicBool>,
}

impl Liar {
    pub(super) fn new(chain: Forged) -> Self {
        Liar {
            chain,
            words: Arc::default(),
            work: Arc::default(),
            exhausted: Arc::default(),
        }
    }

    pub(super) fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().unwrap()
    }

    /// Tells whether more was asked for than any honest chain of this length needs.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::SeqCst)
    }

    fn work(&self, items: usize) {
        if self.work.fetch_add(items, Ordering::SeqCst) + items > MOST_WORK {
            self.exhausted.store(true, Ordering::SeqCst);
            panic!("work without bounds");
        }
    }

    /// Returns the headers above the chain's own, as many as are wanted.
    fn more(&self, count: usize) -> Vec<Header> {
        let top = self.chain.state().blocks.last().unwrap().header;
        let mut words = self.words();
        while words.more.len() < count {
            let before = words.more.last().copied().unwrap_or(top);
            let mut header = before;
            header.prev_blockhash = before.block_hash();
            header.time += 1;
            while header.validate_pow(header.target()).is_err() {
                header.nonce += 1;
            }
            words.more.push(header);
        }
        words.more.clone()
    }
}

impl Source for Liar {
    fn describe(&self) -> String {
        "a node that lies".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        let network = self.words().network.unwrap_or(Network::Regtest);
        Box::pin(async move { Ok(network) })
    }
}

impl Blocks for Liar {
    fn tip(&self) -> Answer<'_, Tip> {
        self.work(1);
        let tip = self.words().tip;
        Box::pin(async move {
            match tip {
                Some(tip) => Ok(tip),
                None => self.chain.tip().await,
            }
        })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        Box::pin(async move {
            let mut hashes = self.chain.block_hashes(from, count).await?;
            let endless = self.words().endless;
            if endless {
                let own = self.chain.state().blocks.len();
                let more = self.more((from + count) as usize - own.min((from + count) as usize));
                let first = (from as usize).saturating_sub(own);
                let missing = count as usize - hashes.len();
                hashes.extend(
                    more.iter()
                        .skip(first)
                        .take(missing)
                        .map(Header::block_hash),
                );
            }
            self.work(hashes.len().max(1));
            for (hash, height) in hashes.iter_mut().zip(from..) {
                if let Some(other) = self.words().hashes.get(&height) {
                    *hash = *other;
                }
            }
            Ok(hashes)
        })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        self.work(1);
        let more = self
            .words()
            .more
            .iter()
            .find(|header| header.block_hash() == hash)
            .copied();
        Box::pin(async move {
            match more {
                Some(header) => Ok(header),
                None => Ok(self.chain.block(hash).await?.header),
            }
        })
    }

    fn headers<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Vec<Header>> {
        Box::pin(async move {
            self.work(hashes.len());
            let words = self.words().more.clone();
            let state = self.chain.state();
            let own = state.blocks.iter().map(|block| block.header);
            let all: HashMap<BlockHash, Header> = own
                .chain(words)
                .map(|header| (header.block_hash(), header))
                .collect();
            let find = |hash: &BlockHash| all.get(hash).copied().ok_or(ChainError::ChainMoved);
            hashes.iter().map(find).collect()
        })
    }

    fn filters<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Option<Vec<Vec<u8>>>> {
        self.work(hashes.len());
        let filters = self.words().filters.clone();
        Box::pin(async move { Ok(filters.map(|filter| vec![filter; hashes.len()])) })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        self.work(1);
        let other = self.words().blocks.get(&hash).cloned();
        Box::pin(async move {
            match other {
                Some(block) => Ok(block),
                None => self.chain.block(hash).await,
            }
        })
    }
}

impl Relay for Liar {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        self.work(1);
        let pool = self.words().pool.clone();
        Box::pin(async move {
            match pool {
                Some(pool) => Ok(pool),
                None => self.chain.pool().await,
            }
        })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        Box::pin(async move {
            self.work(txids.len());
            let mut found = self.chain.pool_transactions(txids).await?;
            for (found, txid) in found.iter_mut().zip(txids) {
                if let Some(other) = self.words().transactions.get(txid) {
                    *found = other.clone();
                }
            }
            Ok(found)
        })
    }

    fn estimate_fee(&self, _: u16) -> Answer<'_, Option<SatPerKvb>> {
        Box::pin(async { Ok(None) })
    }

    fn test_accept<'a>(&'a self, _: &'a Transaction) -> Answer<'a, TestAccept> {
        let said = self
            .words()
            .test_accept
            .clone()
            .unwrap_or(TestAccept::Accepted);
        Box::pin(async move { Ok(said) })
    }

    fn broadcast<'a>(&'a self, _: &'a Transaction) -> Answer<'a, Sent> {
        let said = self.words().sent.clone().unwrap_or(Ok(Sent::Accepted));
        Box::pin(async move { said })
    }
}
