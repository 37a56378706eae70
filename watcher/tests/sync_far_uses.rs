//! Payments to addresses far apart: a wallet's own history is found whole, and strangers cannot
//! make work without bound.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/blocks.rs"]
mod blocks;

use std::sync::Arc;

use bitcoin::{Amount, ScriptBuf, Transaction};
use blocks::{Chain, nowhere, others, pay};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::chain::ChainSource;
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::store::balances::balance;
use cofferdam_watcher::store::wallets as rows;
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets;

const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
const TAPROOT: &str = "tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/<0;1>/*)";
/// What one block may add to a branch, when the gap is not larger.
const MOST_ADDED: u32 = 10_000;
const DUST: u64 = 330;

fn wallet(name: &str, descriptor: &str) -> Wallet {
    Wallet::from_descriptor(descriptor, name.parse().unwrap(), Network::Regtest, None).unwrap()
}

/// Pays dust to each `step`th address of a branch, `count` times: each at the end of the window
/// that those before it made.
fn dust(wallet: &Wallet, branch: Branch, step: u32, count: u32) -> Transaction {
    let script = |number: u32| -> (ScriptBuf, u64) {
        let index = (number + 1) * step - 1;
        (wallet.script_pubkey(branch, index).unwrap(), DUST)
    };
    let payments: Vec<_> = (0..count).map(script).collect();
    pay(vec![nowhere(branch.step() * 1_000 + count)], &payments)
}

struct Ledger {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Ledger {
    async fn new(wallets: &[&Wallet], gap: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        for wallet in wallets {
            wallets::import(&store, (*wallet).clone(), Some(gap))
                .await
                .unwrap();
        }
        Ledger {
            store,
            _folder: folder,
        }
    }

    async fn sync(&self, chain: &Arc<Chain>, rescan: bool) -> SyncReport {
        let source: Arc<dyn ChainSource> = chain.clone();
        let options = SyncOptions {
            rescan,
            every_block: true,
            ..SyncOptions::default()
        };
        sync(&self.store, &source, ChainKind::Network, options, &Silent)
            .await
            .unwrap()
    }

    /// Returns how many coins of dust a wallet holds.
    async fn found(&self, name: &str) -> u64 {
        let mut view = self.store.read().await.unwrap();
        let record = wallets::find(&mut view, name).await.unwrap();
        balance(&mut view, record.no).await.unwrap().confirmed / DUST
    }

    async fn watched(&self, name: &str, branch: Branch) -> (u32, u32) {
        let mut view = self.store.read().await.unwrap();
        let record = wallets::find(&mut view, name).await.unwrap();
        let state = rows::branch(&mut view, record.no, branch).await.unwrap();
        (state.next_index, state.covered)
    }
}

/// One transaction, for the price of 150 outputs of dust.
#[tokio::test]
async fn one_block_does_not_make_a_window_of_any_size() {
    let (main, other) = (wallet("main", SEGWIT), wallet("other", TAPROOT));
    let mut chain = Chain::new();
    chain.mine(
        others(),
        vec![
            dust(&main, Branch::Receive, 100, 150),
            dust(&main, Branch::Change, 100, 150),
            dust(&other, Branch::Receive, 100, 20),
        ],
    );
    chain.mine(others(), Vec::new());
    let chain = Arc::new(chain);
    let ledger = Ledger::new(&[&main, &other], 100).await;
    let report = ledger.sync(&chain, false).await;
    assert_eq!(report.cut, 1);
    for branch in Branch::ALL {
        let (next, covered) = ledger.watched("main", branch).await;
        // The window before it, what a block may add, and the gap beyond the highest use that was
        // found.
        assert_eq!(next, 100 + MOST_ADDED);
        assert_eq!(covered, next + 100, "the gap is watched all the same");
    }
    assert_eq!(
        ledger.found("main").await,
        2 * (1 + u64::from(MOST_ADDED) / 100)
    );
    // The other wallet's are as many as a block may add.
    assert_eq!(ledger.found("other").await, 20);

    // Whoever wants them all looks again: each time as far as a block may add.
    let report = ledger.sync(&chain, true).await;
    assert_eq!(report.cut, 0);
    assert_eq!(ledger.found("main").await, 300);
    assert_eq!(
        ledger.watched("main", Branch::Receive).await,
        (15_000, 15_100)
    );
}

/// A history whose gaps are below the wallet's is found whole, in however many blocks and in
/// whatever order within one.
#[tokio::test]
async fn an_honest_history_with_wide_gaps_is_found_whole() {
    let main = wallet("main", SEGWIT);
    let mut chain = Chain::new();
    let mut paid = 0;
    for block in 0..40 {
        let indices = [3, 1, 2].map(|place| (block * 3 + place) * 99 - 1);
        let payments =
            indices.map(|index| (main.script_pubkey(Branch::Receive, index).unwrap(), DUST));
        paid += payments.len() as u64;
        chain.mine(others(), vec![pay(vec![nowhere(block)], &payments)]);
    }
    let ledger = Ledger::new(&[&main], 100).await;
    let report = ledger.sync(&Arc::new(chain), false).await;
    assert_eq!((ledger.found("main").await, report.cut), (paid, 0));
    assert!(paid * DUST < Amount::ONE_BTC.to_sat());
}

/// A gap that the operator asked for is not cut to what blocks may add otherwise.
#[tokio::test]
async fn a_larger_gap_is_watched_in_one_block() {
    let main = wallet("main", SEGWIT);
    let gap = MOST_ADDED + 2_000;
    let mut chain = Chain::new();
    let far = [gap - 1, 2 * gap - 1]
        .map(|index| (main.script_pubkey(Branch::Receive, index).unwrap(), DUST));
    chain.mine(others(), vec![pay(vec![nowhere(1)], &far)]);
    let ledger = Ledger::new(&[&main], gap).await;
    let report = ledger.sync(&Arc::new(chain), false).await;
    // The second use calls for a gap more than one block may add: it is found, and the gap beyond
    // it is watched from the next block on.
    assert_eq!((ledger.found("main").await, report.cut), (2, 1));
    assert_eq!(
        ledger.watched("main", Branch::Receive).await,
        (2 * gap, 3 * gap)
    );
}
