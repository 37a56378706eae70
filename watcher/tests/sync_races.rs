//! What may happen to chain and ledger in the middle of a sync, made to happen at exactly that
//! moment.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/database.rs"]
mod database;
#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/forged.rs"]
mod forged;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bitcoin::block::Header;
use bitcoin::{
    Amount, Block, BlockHash, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid,
    Witness, absolute, transaction,
};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::chain::rehearsal::{Rehearsal, faucet};
use cofferdam_watcher::chain::{
    Answer, Blocks, ChainSource, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::store::balances::{Balance, balance};
use cofferdam_watcher::store::scripts;
use cofferdam_watcher::store::wallets::{self as rows, BranchState, WalletRecord};
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets::MarkedUsed;
use cofferdam_watcher::{addresses, wallets};

const NOW: u32 = 1_700_000_000;
const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

/// When a source lets something happen, once.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Block,
    Pool,
}

type Event = Box<dyn Fn() -> futures::Ready + Send + Sync>;

/// Futures without a crate for them.
mod futures {
    use std::future::Future;
    use std::pin::Pin;
    pub(super) type Ready = Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The rehearsal chain, with something that happens at one moment.
struct Eventful {
    chain: Rehearsal,
    moment: Moment,
    event: Event,
    happened: AtomicBool,
}

impl std::fmt::Debug for Eventful {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Eventful({:?})", self.moment)
    }
}

impl Eventful {
    async fn pass(&self, moment: Moment) {
        if moment == self.moment && !self.happened.swap(true, Ordering::SeqCst) {
            (self.event)().await;
        }
    }
}

impl Source for Eventful {
    fn describe(&self) -> String {
        self.chain.describe()
    }

    fn network(&self) -> Answer<'_, Network> {
        self.chain.network()
    }
}

impl Blocks for Eventful {
    fn tip(&self) -> Answer<'_, Tip> {
        self.chain.tip()
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        self.chain.block_hashes(from, count)
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        self.chain.header(hash)
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        Box::pin(async move {
            self.pass(Moment::Block).await;
            self.chain.block(hash).await
        })
    }
}

impl Relay for Eventful {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        Box::pin(async move {
            self.pass(Moment::Pool).await;
            self.chain.pool().await
        })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        self.chain.pool_transactions(txids)
    }

    fn estimate_fee(&self, blocks: u16) -> Answer<'_, Option<SatPerKvb>> {
        self.chain.estimate_fee(blocks)
    }

    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept> {
        self.chain.test_accept(transaction)
    }

    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent> {
        self.chain.broadcast(transaction)
    }
}

struct Scene {
    chain: Rehearsal,
    store: Store,
    record: WalletRecord,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new(gap: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = Rehearsal::open(&folder.path().join("rehearsal.sqlite"))
            .await
            .unwrap();
        chain.mine(110, NOW).await.unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let wallet =
            Wallet::from_descriptor(SEGWIT, "main".parse().unwrap(), Network::Regtest, None)
                .unwrap();
        let record = wallets::import(&store, wallet, Some(gap))
            .await
            .unwrap()
            .record;
        Scene {
            chain,
            store,
            record,
            _folder: folder,
        }
    }

    fn output(&self, index: u32, amount: u64) -> TxOut {
        let script_pubkey = self
            .record
            .wallet
            .script_pubkey(Branch::Receive, index)
            .unwrap();
        TxOut {
            value: Amount::from_sat(amount),
            script_pubkey,
        }
    }

    /// Pays the wallet, and mines the payment.
    async fn pay(&self, payments: &[(u32, u64)]) {
        let outputs: Vec<TxOut> = payments
            .iter()
            .map(|(index, amount)| self.output(*index, *amount))
            .collect();
        self.chain.fund(&outputs, NOW).await.unwrap();
        self.chain.mine(1, NOW).await.unwrap();
    }

    async fn sync(&self) -> SyncReport {
        let source: Arc<dyn ChainSource> = Arc::new(self.chain.clone());
        sync(
            &self.store,
            &source,
            ChainKind::Rehearsal,
            SyncOptions::default(),
            &Silent,
        )
        .await
        .unwrap()
    }

    async fn sync_while<F>(&self, moment: Moment, event: F) -> SyncReport
    where
        F: Fn() -> futures::Ready + Send + Sync + 'static,
    {
        let eventful = Arc::new(Eventful {
            chain: self.chain.clone(),
            moment,
            event: Box::new(event),
            happened: AtomicBool::new(false),
        });
        let source: Arc<dyn ChainSource> = eventful.clone();
        let report = sync(
            &self.store,
            &source,
            ChainKind::Rehearsal,
            SyncOptions::default(),
            &Silent,
        )
        .await
        .unwrap();
        assert!(eventful.happened.load(Ordering::SeqCst), "nothing happened");
        report
    }

    /// Syncs while another process hands out four addresses.
    async fn sync_while_addresses_are_handed_out(&self, moment: Moment) {
        let (store, record) = (self.store.clone(), self.record.clone());
        self.sync_while(moment, move || {
            let (store, record) = (store.clone(), record.clone());
            Box::pin(async move {
                let mut write = store.write().await.unwrap();
                for _ in 0..4 {
                    addresses::reserve(&mut write, &record, Branch::Receive)
                        .await
                        .unwrap();
                }
                write.commit().await.unwrap();
            })
        })
        .await;
    }

    async fn balance(&self) -> Balance {
        balance(&mut self.store.read().await.unwrap(), self.record.no)
            .await
            .unwrap()
    }
}

/// The payment is already in a block that this sync reads, and beyond the gap that it began with.
#[tokio::test]
async fn an_address_handed_out_during_a_sync_is_not_missed_by_it() {
    let scene = Scene::new(1).await;
    scene.pay(&[(3, 50_000)]).await;
    scene
        .sync_while_addresses_are_handed_out(Moment::Block)
        .await;
    assert_eq!(scene.balance().await.confirmed, 50_000);
}

/// The same, while the memory pool is read.
#[tokio::test]
async fn an_address_handed_out_while_the_memory_pool_is_read_is_not_missed() {
    let scene = Scene::new(1).await;
    scene.sync().await;
    scene
        .chain
        .fund(&[scene.output(3, 50_000)], NOW)
        .await
        .unwrap();
    scene
        .sync_while_addresses_are_handed_out(Moment::Pool)
        .await;
    assert_eq!(scene.balance().await.pending, 50_000);
}

#[tokio::test]
async fn an_index_beyond_the_gap_is_found_in_the_block_that_uses_one_before_it() {
    let scene = Scene::new(5).await;
    // The far one stands first in the block.
    scene
        .pay(&[(12, 1_000), (8, 2_000), (4, 4_000), (30, 8_000)])
        .await;
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 7_000);
}

/// A block comes between the search and the memory pool: it makes a coin that the memory pool
/// spends.
#[tokio::test]
async fn a_block_that_comes_while_the_memory_pool_is_read_is_searched_first() {
    let scene = Scene::new(10).await;
    // A coin that anybody can spend, as the wallet's coins cannot be signed for here, beside one of
    // the wallet's.
    let shared = TxOut {
        value: Amount::from_sat(70_000),
        script_pubkey: faucet::script(),
    };
    let chain = scene.chain.clone();
    let to_us = scene.output(0, 10_000);
    let child_to_us = scene.output(1, 20_000);
    let report = scene
        .sync_while(Moment::Pool, move || {
            let (chain, shared, to_us, child_to_us) = (
                chain.clone(),
                shared.clone(),
                to_us.clone(),
                child_to_us.clone(),
            );
            Box::pin(async move {
                let txid = chain.fund(&[to_us, shared], NOW).await.unwrap().txids[0];
                chain.mine(1, NOW).await.unwrap();
                let child = child_of(OutPoint { txid, vout: 1 }, child_to_us);
                chain.broadcast(&child).await.unwrap();
            })
        })
        .await;
    assert_eq!(
        (report.height, report.pool),
        (scene.chain.tip().await.unwrap().height, 1)
    );
    let found = scene.balance().await;
    assert_eq!((found.confirmed, found.pending), (10_000, 20_000));
}

fn child_of(coin: OutPoint, output: TxOut) -> Transaction {
    let input = TxIn {
        previous_output: coin,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::from_slice(&[[0x51]]),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// The chain is reorganised while its blocks are read; the ledger ends on the new one.
#[tokio::test]
async fn a_reorganisation_in_the_middle_of_a_search() {
    let scene = Scene::new(10).await;
    scene.pay(&[(0, 10_000)]).await;
    scene.pay(&[(1, 20_000)]).await;
    let chain = scene.chain.clone();
    let report = scene
        .sync_while(Moment::Block, move || {
            let chain = chain.clone();
            Box::pin(async move {
                chain.reorganise(1, NOW).await.unwrap();
            })
        })
        .await;
    let tip = scene.chain.tip().await.unwrap();
    assert_eq!((report.height, report.hash), (tip.height, tip.hash));
    let found = scene.balance().await;
    assert_eq!((found.confirmed, found.pending), (10_000, 20_000));
}

/// The same, when the ledger has some of the blocks already.
#[tokio::test]
async fn a_reorganisation_below_what_is_searched() {
    let scene = Scene::new(10).await;
    scene.pay(&[(0, 10_000)]).await;
    scene.sync().await;
    scene.pay(&[(1, 20_000)]).await;
    let chain = scene.chain.clone();
    scene
        .sync_while(Moment::Block, move || {
            let chain = chain.clone();
            Box::pin(async move {
                chain.reorganise(2, NOW).await.unwrap();
                chain.mine(1, NOW).await.unwrap();
            })
        })
        .await;
    let found = scene.balance().await;
    assert_eq!((found.confirmed, found.pending), (30_000, 0));
}

/// A source that shows, at first, other blocks than later; and any memory pool.
#[derive(Debug)]
struct Lying {
    chain: Rehearsal,
    other: Rehearsal,
    /// At the first search, the heights whose blocks are of the other chain.
    lie: Mutex<Option<std::ops::Range<u32>>>,
    pool: Vec<Transaction>,
}

impl Source for Lying {
    fn describe(&self) -> String {
        self.chain.describe()
    }

    fn network(&self) -> Answer<'_, Network> {
        self.chain.network()
    }
}

impl Blocks for Lying {
    fn tip(&self) -> Answer<'_, Tip> {
        self.chain.tip()
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        Box::pin(async move {
            let mut hashes = self.chain.block_hashes(from, count).await?;
            // Only searches ask for many.
            let lie = if count > 1 {
                self.lie.lock().unwrap().take()
            } else {
                None
            };
            for (hash, height) in hashes.iter_mut().zip(from..) {
                if lie.as_ref().is_some_and(|lie| lie.contains(&height)) {
                    *hash = self.other.block_hash(height).await?.unwrap();
                }
            }
            Ok(hashes)
        })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        self.chain.header(hash)
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        Box::pin(async move {
            match self.chain.block(hash).await {
                Ok(block) => Ok(block),
                Err(_) => self.other.block(hash).await,
            }
        })
    }
}

impl Relay for Lying {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        Box::pin(async { Ok(self.pool.iter().map(Transaction::compute_txid).collect()) })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        let find = |txid: &Txid| {
            self.pool
                .iter()
                .find(|transaction| transaction.compute_txid() == *txid)
                .cloned()
        };
        Box::pin(async move { Ok(txids.iter().map(find).collect()) })
    }

    fn estimate_fee(&self, blocks: u16) -> Answer<'_, Option<SatPerKvb>> {
        self.chain.estimate_fee(blocks)
    }

    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept> {
        self.chain.test_accept(transaction)
    }

    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent> {
        self.chain.broadcast(transaction)
    }
}

impl Scene {
    /// Returns a chain that parts from this one at the last `depth` blocks, and pays the wallet
    /// there.
    async fn fork(&self, depth: u32, amount: u64) -> Rehearsal {
        let path = self._folder.path().join("rehearsal.sqlite");
        let copy = self._folder.path().join("other.sqlite");
        database::copy(&path, &copy);
        let other = Rehearsal::open(&copy).await.unwrap();
        other.reorganise(depth, NOW + 1).await.unwrap();
        other
            .fund(&[self.output(2, amount)], NOW + 1)
            .await
            .unwrap();
        other.mine(1, NOW + 1).await.unwrap();
        other
    }

    async fn sync_with(
        &self,
        other: Rehearsal,
        lie: Option<std::ops::Range<u32>>,
        pool: Vec<Transaction>,
    ) {
        let lying = Lying {
            chain: self.chain.clone(),
            other,
            lie: Mutex::new(lie),
            pool,
        };
        let source: Arc<dyn ChainSource> = Arc::new(lying);
        sync(
            &self.store,
            &source,
            ChainKind::Rehearsal,
            SyncOptions::default(),
            &Silent,
        )
        .await
        .unwrap();
    }
}

/// The source was on another branch for a moment, and is back.
#[tokio::test]
async fn blocks_of_another_branch_are_not_taken() {
    // The branch's beginning, a part of it, and all of it.
    for lie in [100..114, 103..107, 100..122] {
        let scene = Scene::new(10).await;
        scene.pay(&[(0, 10_000)]).await;
        let other = scene.fork(12, 99_999).await;
        other.mine(8, NOW + 1).await.unwrap();
        scene.chain.mine(10, NOW).await.unwrap();
        assert_eq!(scene.chain.tip().await.unwrap().height, 121);
        assert_eq!(other.tip().await.unwrap().height, 121);
        scene.sync_with(other, Some(lie.clone()), Vec::new()).await;
        let found = scene.balance().await;
        assert_eq!((found.confirmed, found.pending), (10_000, 0), "{lie:?}");
    }
}

/// The same while older blocks are searched for a wallet imported later: the ledger's own blocks
/// stand above.
#[tokio::test]
async fn older_blocks_of_another_branch_are_not_taken() {
    for lie in [100..114, 103..107, 100..122] {
        let mut scene = Scene::new(10).await;
        scene.pay(&[(0, 10_000)]).await;
        let before = scene.chain.tip().await.unwrap().height;
        scene.chain.mine(10, NOW).await.unwrap();
        scene.sync().await;

        let descriptor = SEGWIT.replace("wpkh(", "pkh(");
        let wallet =
            Wallet::from_descriptor(&descriptor, "late".parse().unwrap(), Network::Regtest, None)
                .unwrap();
        let first = std::mem::replace(
            &mut scene.record,
            wallets::import(&scene.store, wallet, Some(10))
                .await
                .unwrap()
                .record,
        );
        // The other branch pays the late wallet.
        let other = scene.fork(22, 99_999).await;
        other.mine(8, NOW + 1).await.unwrap();
        assert_eq!((before, other.tip().await.unwrap().height), (111, 131));
        scene.sync_with(other, Some(lie.clone()), Vec::new()).await;
        assert_eq!(scene.balance().await, Balance::default(), "{lie:?}");
        scene.record = first;
        assert_eq!(scene.balance().await.confirmed, 10_000, "{lie:?}");
    }
}

/// A coin of the memory pool is spent by a transaction that comes later.
#[tokio::test]
async fn a_later_child_spends_a_coin_that_the_memory_pool_made() {
    let scene = Scene::new(10).await;
    let nothing = scene.chain.clone();
    let parent = child_of(
        OutPoint {
            txid: Txid::from_raw_hash(bitcoin::hashes::Hash::hash(b"x")),
            vout: 0,
        },
        scene.output(0, 9_000),
    );
    let coin = OutPoint {
        txid: parent.compute_txid(),
        vout: 0,
    };
    let elsewhere = TxOut {
        value: Amount::from_sat(8_000),
        script_pubkey: faucet::script(),
    };
    let mut child = child_of(coin, elsewhere);
    child.input[0].witness.clear();
    let spent = [scene.output(0, 9_000)];
    forged::sign(&mut child, 0, &spent, (Branch::Receive, 0));
    scene
        .sync_with(nothing.clone(), None, vec![parent.clone()])
        .await;
    assert_eq!(scene.balance().await.pending, 9_000);
    scene
        .sync_with(nothing.clone(), None, vec![child.clone(), parent.clone()])
        .await;
    assert_eq!(scene.balance().await.pending, 0);
    scene
        .sync_with(nothing.clone(), None, vec![parent.clone()])
        .await;
    assert_eq!(scene.balance().await.pending, 9_000);
    scene.sync_with(nothing, None, Vec::new()).await;
    assert_eq!(scene.balance().await.pending, 0);
    // A child that is listed before its parent, both new.
    let nothing = scene.chain.clone();
    scene.sync_with(nothing, None, vec![child, parent]).await;
    assert_eq!(scene.balance().await.pending, 0);
}

/// The search for a late wallet takes more than one batch, and the first of them is of another
/// branch: above the ledger's own first block it is refused before it is written, and below it is
/// undone.
#[tokio::test]
async fn a_batch_of_another_branch_is_not_kept() {
    for first_block in [0, 650] {
        let mut scene = Scene::new(10).await;
        let late = Wallet::from_descriptor(
            &SEGWIT.replace("wpkh(", "pkh("),
            "late".parse().unwrap(),
            Network::Regtest,
            None,
        )
        .unwrap();
        let early = scene.record.clone();
        scene.record.wallet = late.clone();
        // The other branch pays the late wallet, and no other.
        let other = scene.fork(5, 99_999).await;
        other.mine(600, NOW + 1).await.unwrap();
        scene.record = early.clone();

        scene.chain.mine(600, NOW).await.unwrap();
        let mut write = scene.store.write().await.unwrap();
        cofferdam_watcher::store::wallets::begin_at(&mut write, early.no, first_block)
            .await
            .unwrap();
        write.commit().await.unwrap();
        scene.sync().await;
        scene.record = wallets::import(&scene.store, late, Some(10))
            .await
            .unwrap()
            .record;
        scene.sync_with(other, Some(106..660), Vec::new()).await;
        assert_eq!(scene.balance().await, Balance::default(), "{first_block}");
    }
}

impl Scene {
    async fn pay_script(&self, branch: Branch, index: u32, amount: u64) {
        let output = TxOut {
            value: Amount::from_sat(amount),
            script_pubkey: self.record.wallet.script_pubkey(branch, index).unwrap(),
        };
        self.chain.fund(&[output], NOW).await.unwrap();
        self.chain.mine(1, NOW).await.unwrap();
    }

    async fn mark(&self, branch: Branch, index: u32) -> MarkedUsed {
        let (_, marked) = wallets::mark_used(&self.store, "main", branch, index)
            .await
            .unwrap();
        marked
    }

    async fn branch(&self, branch: Branch) -> BranchState {
        let mut view = self.store.read().await.unwrap();
        rows::branch(&mut view, self.record.no, branch)
            .await
            .unwrap()
    }
}

/// Change that was held to ransom two billion indices away comes back, and nothing between is
/// derived.
#[tokio::test]
async fn a_told_index_far_out_is_watched_by_itself() {
    let scene = Scene::new(10).await;
    let last = (1 << 31) - 1;
    scene.pay(&[(0, 1_000)]).await;
    scene
        .pay_script(Branch::Change, 2_147_483_000, 50_000)
        .await;
    scene.pay_script(Branch::Receive, last, 7_000).await;
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 1_000);
    let before = (
        scene.branch(Branch::Receive).await,
        scene.branch(Branch::Change).await,
    );
    for (branch, index) in [(Branch::Change, 2_147_483_000), (Branch::Receive, last)] {
        assert_eq!(scene.mark(branch, index).await, MarkedUsed::Alone);
        assert_eq!(
            scene.mark(branch, index).await,
            MarkedUsed::Watched,
            "told once more"
        );
    }
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 58_000);
    let after = (
        scene.branch(Branch::Receive).await,
        scene.branch(Branch::Change).await,
    );
    assert_eq!(
        before, after,
        "no other index is watched, and the next one to hand out stays"
    );
    // A coin in the memory pool, and one in a block that is searched later, are found too.
    let output = TxOut {
        value: Amount::from_sat(300),
        script_pubkey: scene
            .record
            .wallet
            .script_pubkey(Branch::Change, 2_147_483_000)
            .unwrap(),
    };
    scene.chain.fund(&[output], NOW).await.unwrap();
    scene.sync().await;
    assert_eq!(scene.balance().await.pending, 300);
    scene.chain.mine(1, NOW).await.unwrap();
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 58_300);
    assert_eq!(scene.branch(Branch::Change).await, before.1);
}

#[tokio::test]
async fn a_told_index_that_is_near_moves_the_branch() {
    let scene = Scene::new(10).await;
    scene
        .pay(&[(5_000, 100_000), (4_000, 20_000), (5_009, 3_000)])
        .await;
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 0);
    let change = scene.branch(Branch::Change).await;
    assert_eq!(scene.mark(Branch::Receive, 5_000).await, MarkedUsed::UpToIt);
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 123_000);
    assert_eq!(scene.branch(Branch::Receive).await.next_index, 5_010);
    assert_eq!(
        scene.branch(Branch::Change).await,
        change,
        "of one branch alone"
    );
    assert_eq!(
        scene.mark(Branch::Receive, 5_015).await,
        MarkedUsed::Watched
    );
    assert_eq!(scene.branch(Branch::Receive).await.next_index, 5_016);
    assert!(
        wallets::mark_used(&scene.store, "main", Branch::Change, 1 << 31)
            .await
            .is_err()
    );
}

/// The branch may come to an index that was watched alone: by addresses that are handed out, or by
/// payments in the chain.
#[tokio::test]
async fn a_branch_that_comes_to_a_told_index_goes_on_behind_it() {
    for by_chain in [false, true] {
        let scene = Scene::new(10).await;
        // As if it had been far out when it was told.
        let mut write = scene.store.write().await.unwrap();
        scripts::tell(&mut write, &scene.record, Branch::Receive, 14)
            .await
            .unwrap();
        write.commit().await.unwrap();
        scene.pay(&[(14, 100_000), (20, 20_000), (4, 3_000)]).await;
        match by_chain {
            true => {
                scene.sync().await;
            }
            false => {
                let mut write = scene.store.write().await.unwrap();
                for expected in 0..5 {
                    let index = addresses::reserve(&mut write, &scene.record, Branch::Receive)
                        .await
                        .unwrap();
                    assert_eq!(index, expected);
                }
                let next = addresses::reserve(&mut write, &scene.record, Branch::Receive)
                    .await
                    .unwrap();
                assert_eq!(next, 15, "what was told is not handed out");
                write.commit().await.unwrap();
                scene.sync().await;
            }
        }
        assert_eq!(scene.balance().await.confirmed, 123_000, "{by_chain}");
        let state = scene.branch(Branch::Receive).await;
        assert_eq!((state.next_index, state.covered), (21, 31), "{by_chain}");
        scene.sync().await;
    }
}

/// The told index is in a block that a sync has read when it is told.
#[tokio::test]
async fn an_index_told_during_a_sync_is_not_missed_by_it() {
    let scene = Scene::new(10).await;
    scene.pay_script(Branch::Change, 2_000_000_000, 9_000).await;
    let store = scene.store.clone();
    scene
        .sync_while(Moment::Pool, move || {
            let store = store.clone();
            Box::pin(async move {
                wallets::mark_used(&store, "main", Branch::Change, 2_000_000_000)
                    .await
                    .unwrap();
            })
        })
        .await;
    scene.sync().await;
    assert_eq!(scene.balance().await.confirmed, 9_000);
}
