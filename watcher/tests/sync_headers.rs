//! Blocks need their network's first block, work and times; and a chain takes another's place only
//! with more work.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/forged.rs"]
mod forged;

use bitcoin::block::Header;
use bitcoin::{Amount, Block, CompactTarget, TxOut};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::error::{Coded, Exit};
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::store::balances::balance;
use cofferdam_watcher::store::facts::{self, Fact};
use cofferdam_watcher::store::headers;
use cofferdam_watcher::store::wallets::WalletRecord;
use cofferdam_watcher::sync::checks::{Checks, Rule};
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncError, SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets;
use forged::{Forged, nobodys, transaction};

const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
const COIN: u64 = 70_000;

struct Scene {
    chain: Forged,
    store: Store,
    record: WalletRecord,
    folder: tempfile::TempDir,
}

impl Scene {
    /// A ledger that was never synced, and a chain that pays it in its last block.
    async fn new(blocks: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let name = "main".parse().unwrap();
        let wallet = Wallet::from_descriptor(SEGWIT, name, Network::Regtest, None).unwrap();
        let record = wallets::import(&store, wallet, Some(10))
            .await
            .unwrap()
            .record;
        let scene = Scene {
            chain: Forged::new(blocks - 1),
            store,
            record,
            folder,
        };
        scene.pay(0);
        scene
    }

    /// Mines a block that pays the wallet.
    fn pay(&self, index: u32) {
        let output = TxOut {
            value: Amount::from_sat(COIN),
            script_pubkey: self
                .record
                .wallet
                .script_pubkey(Branch::Receive, index)
                .unwrap(),
        };
        let number = self.chain.state().blocks.len() as u8;
        self.chain
            .mine(vec![transaction(&[nobodys(number)], &[output])]);
    }

    async fn sync(&self) -> Result<SyncReport, SyncError> {
        self.sync_with(SyncOptions::default()).await
    }

    async fn sync_with(&self, options: SyncOptions) -> Result<SyncReport, SyncError> {
        let (source, progress) = (self.chain.source(), Silent);
        sync(&self.store, &source, ChainKind::Network, options, &progress).await
    }

    async fn confirmed(&self) -> u64 {
        let mut view = self.store.read().await.unwrap();
        balance(&mut view, self.record.no).await.unwrap().confirmed
    }

    async fn kept(&self) -> Vec<u32> {
        let mut view = self.store.read().await.unwrap();
        let kept = headers::all(&mut view).await.unwrap();
        kept.iter().map(|kept| kept.height).collect()
    }

    /// Changes the header of the last block but so many; the blocks above it are built on it anew.
    fn forge(&self, from_top: usize, change: impl Fn(&mut Header)) {
        let mut state = self.chain.state();
        let at = state.blocks.len() - 1 - from_top;
        change(&mut state.blocks[at].header);
        for place in at + 1..state.blocks.len() {
            let before = state.blocks[place - 1].block_hash();
            state.blocks[place].header.prev_blockhash = before;
            mine(&mut state.blocks[place]);
        }
    }
}

fn mine(block: &mut Block) {
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
}

fn mined(header: &mut Header) {
    while header.validate_pow(header.target()).is_err() {
        header.nonce += 1;
    }
}

#[track_caller]
fn refused(result: Result<SyncReport, SyncError>, code: &str) -> String {
    let error = result.unwrap_err();
    assert_eq!(
        (error.exit(), error.code()),
        (Exit::ChainNotReady, code),
        "{error}"
    );
    error.to_string()
}

fn without(rule: Rule) -> SyncOptions {
    SyncOptions {
        checks: Checks::without(&[rule]),
        ..SyncOptions::default()
    }
}

/// Each header that breaks a rule is refused, wherever it stands, and nothing of its chain is
/// recorded; without the rule it is not.
#[tokio::test]
async fn blocks_that_break_a_rule_of_headers_are_refused() {
    type Change = fn(&mut Header);
    let forgeries: [(&str, Rule, Change); 4] = [
        ("block-no-work", Rule::ProofOfWork, |header| {
            while header.validate_pow(header.target()).is_ok() {
                header.nonce += 1;
            }
        }),
        ("block-difficulty", Rule::Difficulty, |header| {
            header.bits = CompactTarget::from_consensus(0x2070_0000);
            mined(header);
        }),
        ("block-time", Rule::Times, |header| {
            header.time = forged::NOW - 1_000;
            mined(header);
        }),
        ("block-in-the-future", Rule::Times, |header| {
            header.time = u32::MAX;
            mined(header);
        }),
    ];
    for (code, rule, change) in forgeries {
        for from_top in [0, 5] {
            let scene = Scene::new(20).await;
            scene.forge(from_top, change);
            refused(scene.sync().await, code);
            assert_eq!(scene.confirmed().await, 0, "{code}");
            assert!(scene.kept().await.is_empty(), "{code}");
            // Behind one in the future, those of today are not after the median.
            scene.sync_with(without(rule)).await.unwrap();
            assert_eq!(scene.confirmed().await, COIN, "{code}");
        }
        // The same on top of what was synced.
        let scene = Scene::new(20).await;
        scene.sync().await.unwrap();
        scene.pay(1);
        scene.forge(0, change);
        refused(scene.sync().await, code);
        assert_eq!(scene.confirmed().await, COIN, "{code}");
        scene.chain.cut(1);
        scene.pay(1);
        scene.sync().await.unwrap();
        assert_eq!(scene.confirmed().await, 2 * COIN, "{code}");
    }
}

#[tokio::test]
async fn a_chain_that_begins_with_another_block_is_another_network() {
    for network in [bitcoin::Network::Signet, bitcoin::Network::Bitcoin] {
        let scene = Scene::new(5).await;
        scene.forge(5, |header| {
            *header = bitcoin::constants::genesis_block(network).header
        });
        let error = refused(scene.sync().await, "node-genesis");
        assert!(error.contains("regtest's"), "{error}");
        assert!(scene.kept().await.is_empty());
    }
    // A first block that somebody made up, with its work.
    let scene = Scene::new(5).await;
    scene.forge(5, |header| {
        header.time += 1;
        mined(header);
    });
    refused(scene.sync().await, "node-genesis");
}

/// A node that is behind, or was reset, or follows another branch: nothing is undone, and its owner
/// has a way back.
#[tokio::test]
async fn a_chain_with_no_more_work_takes_nothing_back() {
    // (blocks cut, blocks mined instead)
    for (cut, mined) in [(1, 0), (9, 0), (3, 1), (3, 3), (15, 2), (20, 0)] {
        let scene = Scene::new(20).await;
        scene.sync().await.unwrap();
        scene.chain.cut(cut);
        (0..mined).for_each(|_| drop(scene.chain.mine(Vec::new())));
        let what = format!("{cut} cut, {mined} mined");
        for rescan in [false, true] {
            let options = SyncOptions {
                rescan,
                ..SyncOptions::default()
            };
            let error = refused(scene.sync_with(options).await, "less-work");
            let heights = [format!("block {}", 20 - cut + mined), "block 20".into()];
            assert!(
                heights.iter().all(|height| error.contains(height)),
                "{error}"
            );
            assert!(
                error.contains(&format!("{cut} blocks would be undone")),
                "{error}"
            );
            assert_eq!(scene.confirmed().await, COIN, "{what}");
        }
        let accept = SyncOptions {
            accept_less_work: true,
            ..SyncOptions::default()
        };
        let report = scene.sync_with(accept).await.unwrap();
        assert_eq!(report.undone, cut as u32, "{what}");
        assert_eq!(scene.confirmed().await, 0, "{what}");
        // It is the ledger's chain from then on.
        scene.sync().await.unwrap();
        // Without the rule, it is followed without a word.
        let scene = Scene::new(20).await;
        scene.sync().await.unwrap();
        scene.chain.cut(cut);
        (0..mined).for_each(|_| drop(scene.chain.mine(Vec::new())));
        scene.sync_with(without(Rule::MoreWork)).await.unwrap();
        assert_eq!(scene.confirmed().await, 0, "{what}");
    }
}

#[tokio::test]
async fn a_chain_with_more_work_takes_the_others_place() {
    for cut in [1, 3, 19] {
        let scene = Scene::new(20).await;
        scene.sync().await.unwrap();
        scene.chain.cut(cut);
        (0..=cut).for_each(|_| drop(scene.chain.mine(Vec::new())));
        let report = scene.sync().await.unwrap();
        assert_eq!((report.undone, report.height), (cut as u32, 21));
        assert_eq!(scene.confirmed().await, 0);
        assert_eq!(scene.kept().await, (0..=21).collect::<Vec<_>>());
    }
}

/// A ledger of a version that kept no headers goes on where it stands; it does not go back for a
/// node that is behind.
#[tokio::test]
async fn a_ledger_without_headers_goes_on() {
    let scene = Scene::new(20).await;
    scene.sync().await.unwrap();
    let forget = || async {
        let mut write = scene.store.write().await.unwrap();
        headers::undo_above(&mut write, None).await.unwrap();
        facts::forget(&mut write, Fact::MostWork).await.unwrap();
        write.commit().await.unwrap();
    };
    forget().await;
    let report = scene.sync().await.unwrap();
    assert_eq!((report.blocks, report.undone), (0, 0));
    assert_eq!(scene.kept().await.len(), 21);
    forget().await;
    let all = scene.chain.state().blocks.clone();
    scene.chain.cut(4);
    refused(scene.sync().await, "less-work");
    assert_eq!(scene.confirmed().await, COIN);
    scene.chain.state().blocks = all;
    scene.pay(1);
    scene.sync().await.unwrap();
    assert_eq!(scene.confirmed().await, 2 * COIN);
}

/// As many headers are kept as a reorganisation can undo; a long chain's first ones are not.
#[tokio::test]
async fn few_headers_of_a_long_chain_are_kept() {
    let scene = Scene::new(3_100).await;
    scene.sync().await.unwrap();
    let first = 2_016 - 11;
    assert_eq!(scene.kept().await, (first..=3_100).collect::<Vec<_>>());
    scene.chain.cut(1_000);
    (0..1_001).for_each(|_| drop(scene.chain.mine(Vec::new())));
    assert_eq!(scene.sync().await.unwrap().undone, 1_000);
    // A wallet that comes later has its older blocks searched by what their hashes prove.
    let wallet = SEGWIT.replace("wpkh(", "pkh(");
    let wallet =
        Wallet::from_descriptor(&wallet, "late".parse().unwrap(), Network::Regtest, None).unwrap();
    wallets::import(&scene.store, wallet, Some(10))
        .await
        .unwrap();
    let report = scene.sync().await.unwrap();
    assert_eq!((report.blocks, report.undone), (3_102, 0));
    drop(scene.folder);
}
