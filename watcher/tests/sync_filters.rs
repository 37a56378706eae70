//! A search that skips blocks by their filters leaves the ledger that a search of every block
//! leaves.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/database.rs"]
mod database;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bitcoin::bip158::BlockFilter;
use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxMerkleNode, TxOut, Txid, Witness, absolute, transaction,
};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::chain::{
    Answer, Blocks, ChainError, ChainSource, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::sync::checks::{Checks, Rule};
use cofferdam_watcher::sync::fetch::{Fetch, Found};
use cofferdam_watcher::sync::filters::{MOST_SCRIPTS, Needle};
use cofferdam_watcher::sync::header_chain::HeaderChain;
use cofferdam_watcher::sync::link::Link;
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncError, SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets;

const XPUB: &str = "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*";
const GAP: u32 = 5;
const BLOCKS: u32 = 700;

/// Numbers of a seed (an xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Blocks in which nothing is signed, with their filters.
#[derive(Default)]
struct Chain {
    blocks: Vec<Block>,
    filters: Vec<Vec<u8>>,
    heights: HashMap<BlockHash, usize>,
    scripts: HashMap<OutPoint, ScriptBuf>,
    /// The filters of these heights are not there.
    without_filters: Range<usize>,
    /// From this height on, blocks cannot be had.
    stops_at: Option<usize>,
    read: AtomicU32,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain of {}", self.blocks.len())
    }
}

impl Chain {
    /// Adds a block; the first one is the network's, whatever it is to have.
    fn add(&mut self, mut transactions: Vec<Transaction>) {
        let height = self.blocks.len() as u32;
        if height == 0 {
            let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
            self.filters.push(vec![0]);
            self.heights.insert(genesis.block_hash(), 0);
            self.blocks.push(genesis);
            return;
        }
        let coinbase = pay(
            vec![OutPoint::null()],
            &[(ScriptBuf::from_bytes(height.to_le_bytes().into()), 1)],
        );
        transactions.insert(0, coinbase);
        let mut block = Block {
            header: Header {
                version: Version::TWO,
                prev_blockhash: self
                    .blocks
                    .last()
                    .map_or(BlockHash::all_zeros(), Block::block_hash),
                merkle_root: TxMerkleNode::all_zeros(),
                time: 1_600_000_000 + height,
                bits: CompactTarget::from_consensus(0x207f_ffff),
                nonce: height,
            },
            txdata: transactions,
        };
        block.header.merkle_root = block.compute_merkle_root().unwrap();
        while block.header.validate_pow(block.header.target()).is_err() {
            block.header.nonce += BLOCKS;
        }
        for transaction in &block.txdata {
            let txid = transaction.compute_txid();
            for (output, vout) in transaction.output.iter().zip(0..) {
                self.scripts
                    .insert(OutPoint { txid, vout }, output.script_pubkey.clone());
            }
        }
        let filter =
            BlockFilter::new_script_filter(&block, |coin| Ok(self.scripts[coin].clone())).unwrap();
        self.filters.push(filter.content);
        self.heights.insert(block.block_hash(), self.blocks.len());
        self.blocks.push(block);
    }
}

/// Spends of this test's blocks have no signatures.
fn unsigned() -> Checks {
    Checks::without(&[Rule::BlockSpends])
}

fn pay(coins: Vec<OutPoint>, payments: &[(ScriptBuf, u64)]) -> Transaction {
    let input = |previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = |(script_pubkey, amount): &(ScriptBuf, u64)| TxOut {
        value: Amount::from_sat(*amount),
        script_pubkey: script_pubkey.clone(),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: coins.into_iter().map(input).collect(),
        output: payments.iter().map(output).collect(),
    }
}

impl Source for Chain {
    fn describe(&self) -> String {
        "blocks of a test".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        Box::pin(async { Ok(Network::Regtest) })
    }
}

impl Blocks for Chain {
    fn tip(&self) -> Answer<'_, Tip> {
        let hash = self.blocks.last().unwrap().block_hash();
        let height = self.blocks.len() as u32 - 1;
        Box::pin(async move { Ok(Tip { height, hash }) })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        let blocks = self.blocks.iter().skip(from as usize).take(count as usize);
        let hashes = blocks.map(Block::block_hash).collect();
        Box::pin(async move { Ok(hashes) })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        let header = self.blocks[self.heights[&hash]].header;
        Box::pin(async move { Ok(header) })
    }

    fn filters<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Option<Vec<Vec<u8>>>> {
        let heights = hashes.iter().map(|hash| self.heights[hash]);
        let filter = |height: usize| {
            (!self.without_filters.contains(&height)).then(|| self.filters[height].clone())
        };
        let filters = heights.map(filter).collect();
        Box::pin(async move { Ok(filters) })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        self.read.fetch_add(1, Ordering::SeqCst);
        let height = self.heights[&hash];
        let stopped = self.stops_at.is_some_and(|stop| height >= stop);
        let block = match stopped {
            true => Err(ChainError::Garbage("stopped".into())),
            false => Ok(self.blocks[height].clone()),
        };
        Box::pin(async move { block })
    }
}

impl Relay for Chain {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn pool_transactions<'a>(&'a self, _: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn estimate_fee(&self, _: u16) -> Answer<'_, Option<SatPerKvb>> {
        Box::pin(async { Ok(None) })
    }

    fn test_accept<'a>(&'a self, _: &'a Transaction) -> Answer<'a, TestAccept> {
        Box::pin(async { Ok(TestAccept::Accepted) })
    }

    fn broadcast<'a>(&'a self, _: &'a Transaction) -> Answer<'a, Sent> {
        Box::pin(async { Ok(Sent::Accepted) })
    }
}

fn all_wallets() -> Vec<Wallet> {
    ["pkh", "sh(wpkh", "wpkh", "tr"]
        .iter()
        .map(|kind| {
            let close = if kind.contains('(') { "))" } else { ")" };
            let purpose = match *kind {
                "pkh" => "44h",
                "sh(wpkh" => "49h",
                "tr" => "86h",
                _ => "84h",
            };
            let descriptor = format!("{kind}({XPUB}{close}").replace("84h", purpose);
            let name = format!("w{purpose}").parse().unwrap();
            Wallet::from_descriptor(&descriptor, name, Network::Regtest, None).unwrap()
        })
        .collect()
}

/// A chain in which the wallets are paid at indices ever further on, sometimes beyond what can be
/// found, and spend.
fn draw(seed: u64, wallets: &[Wallet]) -> Chain {
    let mut chance = Chance(seed + 1);
    for _ in 0..9 {
        chance.below(2);
    }
    let mut chain = Chain::default();
    let scripts: Vec<[Vec<ScriptBuf>; 2]> = wallets
        .iter()
        .map(|wallet| Branch::ALL.map(|branch| wallet.scripts(branch, 0..120).unwrap()))
        .collect();
    let mut highest = vec![[0u64; 2]; wallets.len()];
    let mut coins: Vec<OutPoint> = Vec::new();
    for _ in 0..BLOCKS {
        let mut transactions: Vec<Transaction> = Vec::new();
        // Most blocks have nothing of ours; some have a whole series of uses.
        let count = if chance.below(8) == 0 {
            1 + chance.below(4)
        } else {
            0
        };
        for _ in 0..count {
            let mut payments = Vec::new();
            for _ in 0..chance.below(3) {
                let wallet = chance.below(wallets.len() as u64) as usize;
                let branch = chance.below(2) as usize;
                // One in seven lies beyond the gap.
                let index = (highest[wallet][branch] + chance.below(u64::from(GAP) + 2)).min(119);
                if index < highest[wallet][branch] + u64::from(GAP) {
                    highest[wallet][branch] = highest[wallet][branch].max(index);
                }
                payments.push((
                    scripts[wallet][branch][index as usize].clone(),
                    1_000 + chance.below(9_000),
                ));
            }
            payments.push((
                ScriptBuf::from_bytes(vec![0x51, chance.below(200) as u8]),
                1,
            ));
            let spent = match coins.len() as u64 {
                0 => Vec::new(),
                length if chance.below(2) == 0 => {
                    vec![coins.swap_remove(chance.below(length) as usize)]
                }
                _ => Vec::new(),
            };
            let spent = if spent.is_empty() {
                vec![nobody(&mut chain)]
            } else {
                spent
            };
            let transaction = pay(spent, &payments);
            let txid = transaction.compute_txid();
            // May be spent by the next transaction of this very block.
            coins.extend((0..payments.len() as u32 - 1).map(|vout| OutPoint { txid, vout }));
            for (output, vout) in transaction.output.iter().zip(0..) {
                chain
                    .scripts
                    .insert(OutPoint { txid, vout }, output.script_pubkey.clone());
            }
            transactions.push(transaction);
        }
        chain.add(transactions);
    }
    chain
}

/// A coin of somebody else.
fn nobody(chain: &mut Chain) -> OutPoint {
    let number = chain.scripts.len() as u32;
    let coin = OutPoint::new(Txid::from_byte_array([7; 32]), number);
    chain
        .scripts
        .insert(coin, ScriptBuf::from_bytes(vec![0x52]));
    coin
}

struct Ledger {
    store: Store,
    folder: tempfile::TempDir,
}

impl Ledger {
    async fn of(wallets: &[Wallet]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let ledger = Ledger { store, folder };
        ledger.import(wallets).await;
        ledger
    }

    async fn import(&self, wallets: &[Wallet]) {
        for wallet in wallets {
            wallets::import(&self.store, wallet.clone(), Some(GAP))
                .await
                .unwrap();
        }
    }

    async fn sync(&self, chain: &Arc<Chain>, every_block: bool) -> Result<SyncReport, SyncError> {
        let options = SyncOptions {
            every_block,
            checks: unsigned(),
            ..SyncOptions::default()
        };
        self.sync_with(chain, options).await
    }

    async fn sync_with(
        &self,
        chain: &Arc<Chain>,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        let source: Arc<dyn ChainSource> = chain.clone();
        sync(&self.store, &source, ChainKind::Network, options, &Silent).await
    }

    /// Returns every row of every table but what tells the time of this test.
    async fn rows(&self) -> Vec<String> {
        database::rows(
            &self.folder.path().join("ledger.sqlite"),
            &["imported_at", "applied_at", "first_seen"],
        )
        .await
    }

    async fn has_what(&self, other: &Ledger, what: &str) {
        database::assert_same(&self.rows().await, &other.rows().await, what);
    }
}

#[tokio::test]
async fn filters_leave_the_ledger_that_every_block_leaves() {
    let wallets = all_wallets();
    let mut skipped = 0;
    for seed in 0..6 {
        let mut chain = draw(seed, &wallets);
        // With some seeds the index of filters is not complete.
        if seed % 3 == 2 {
            chain.without_filters = BLOCKS as usize * 2 / 5..BLOCKS as usize;
        }
        let chain = Arc::new(chain);
        let every = Ledger::of(&wallets).await;
        let report = every.sync(&chain, true).await.unwrap();
        assert_eq!((report.blocks, report.skipped), (BLOCKS, 0));
        let rows = every.rows().await;
        let coins = rows.iter().filter(|row| row.starts_with("coins: ")).count();
        let spent = rows
            .iter()
            .filter(|row| row.starts_with("coins: ") && !row.ends_with("NULL NULL"))
            .count();
        assert!(coins > 50 && spent > 10, "{coins} coins, {spent} spent");

        let filtered = Ledger::of(&wallets).await;
        chain.read.store(0, Ordering::SeqCst);
        let report = filtered.sync(&chain, false).await.unwrap();
        assert_eq!(report.blocks, BLOCKS);
        assert_eq!(report.skipped + chain.read.load(Ordering::SeqCst), BLOCKS);
        skipped += report.skipped;
        filtered.has_what(&every, &format!("seed {seed}")).await;
    }
    assert!(skipped > 6 * 300, "{skipped} blocks skipped in all");
}

/// An old wallet comes to a ledger that is at the tip: the search goes back for it alone.
#[tokio::test]
async fn an_old_wallet_comes_later() {
    let wallets = all_wallets();
    for seed in 20..22 {
        let chain = Arc::new(draw(seed, &wallets));
        let ledgers = [
            Ledger::of(&wallets[1..]).await,
            Ledger::of(&wallets[1..]).await,
        ];
        for (ledger, every_block) in ledgers.iter().zip([true, false]) {
            ledger.sync(&chain, every_block).await.unwrap();
            ledger.import(&wallets[..1]).await;
            ledger.sync(&chain, every_block).await.unwrap();
        }
        ledgers[0]
            .has_what(&ledgers[1], &format!("seed {seed}"))
            .await;
    }
}

/// A filter that is no filter stops the sync; what was committed stays, and the rest comes when the
/// filters are right.
#[tokio::test]
async fn a_damaged_filter_is_no_empty_one() {
    let wallets = all_wallets();
    let every = Ledger::of(&wallets).await;
    every
        .sync(&Arc::new(draw(30, &wallets)), true)
        .await
        .unwrap();
    for damage in [&[][..], &[0, 0], &[0xff], &[0xfd, 0xff]] {
        let mut chain = draw(30, &wallets);
        chain.filters[333] = damage.to_vec();
        let ledger = Ledger::of(&wallets).await;
        let failed = ledger.sync(&Arc::new(chain), false).await.unwrap_err();
        assert!(
            matches!(&failed, SyncError::Chain(ChainError::Garbage(what)) if what.contains("filter")),
            "{failed}"
        );
        ledger
            .sync(&Arc::new(draw(30, &wallets)), false)
            .await
            .unwrap();
        ledger.has_what(&every, "after damage").await;
    }
}

/// Filters that are missing here and there are no reason to read everything after them.
#[tokio::test]
async fn one_missing_filter_is_not_the_end_of_filters() {
    let wallets = all_wallets();
    let mut chain = draw(50, &wallets);
    let whole = Ledger::of(&wallets).await;
    let skipped = whole
        .sync(&Arc::new(draw(50, &wallets)), false)
        .await
        .unwrap()
        .skipped;
    chain.without_filters = 150..151;
    let ledger = Ledger::of(&wallets).await;
    let report = ledger.sync(&Arc::new(chain), false).await.unwrap();
    // A hundred are asked for at once.
    assert!(
        (skipped - 100..skipped).contains(&report.skipped),
        "{} and {skipped}",
        report.skipped
    );
    ledger.has_what(&whole, "a filter is missing").await;
}

/// Who distrusts filters has every block read; a sync that is stopped on the way does not go on
/// with them.
#[tokio::test]
async fn every_block_is_read_also_by_the_sync_that_continues() {
    let wallets = all_wallets();
    let every = Ledger::of(&wallets).await;
    every
        .sync(&Arc::new(draw(60, &wallets)), true)
        .await
        .unwrap();
    let lie = |stops_at| {
        let mut chain = draw(60, &wallets);
        chain.filters.fill(vec![0]);
        chain.stops_at = stops_at;
        Arc::new(chain)
    };
    let ledger = Ledger::of(&wallets).await;
    ledger.sync(&lie(Some(300)), true).await.unwrap_err();
    let report = ledger.sync(&lie(None), false).await.unwrap();
    assert_eq!(report.skipped, 0);
    ledger.has_what(&every, "continued").await;

    // Once it is done, it is done; and a new search is as it is asked for.
    let later = Ledger::of(&wallets[1..]).await;
    later.sync(&lie(None), true).await.unwrap();
    later.import(&wallets[..1]).await;
    assert!(later.sync(&lie(None), false).await.unwrap().skipped > 0);
    let ledger = Ledger::of(&wallets).await;
    ledger.sync(&lie(Some(300)), true).await.unwrap_err();
    let options = SyncOptions {
        rescan: true,
        checks: unsigned(),
        ..SyncOptions::default()
    };
    assert!(ledger.sync_with(&lie(None), options).await.unwrap().skipped > 0);
}

/// With very many scripts, filters cost more than blocks; so it is from the beginning, and when
/// scripts are added.
#[tokio::test]
async fn very_many_scripts_are_looked_for_in_blocks() {
    let chain = Arc::new(draw(40, &all_wallets()));
    let needles = |count: usize| -> Vec<Needle> {
        (0..count)
            .map(|number| number.to_le_bytes().into())
            .collect()
    };
    let last = BLOCKS - 1;
    for (first, added, whole) in [
        (MOST_SCRIPTS + 1, 0, true),
        (MOST_SCRIPTS, 1, true),
        (1_000, 1, false),
    ] {
        let source: Arc<dyn ChainSource> = chain.clone();
        let links = chain.blocks.iter().map(|block| Link {
            hash: block.block_hash(),
            time: block.header.time,
        });
        let headers = Arc::new(HeaderChain::unchecked(0, links));
        let mut fetch = Fetch::new(source, headers, 0, last).filtered(last, needles(first));
        let (mut read, mut skipped) = (0, 0);
        while let Some((height, found)) = fetch.next().await.unwrap() {
            if height == 0 && added > 0 {
                fetch.look_for(needles(added)).unwrap();
            }
            match found {
                Found::Whole(_) => read += 1,
                Found::Skipped(_) => skipped += 1,
            }
        }
        assert_eq!(read + skipped, BLOCKS);
        // What was on its way when scripts were added comes as it was.
        assert_eq!(
            skipped > 400,
            !whole,
            "{skipped} skipped of {first} and {added} scripts"
        );
    }
}
