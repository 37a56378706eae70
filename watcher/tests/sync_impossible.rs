//! Money that no chain can hold: whoever shows it lies, and nothing of it is recorded.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/blocks.rs"]
mod blocks;
mod common;

use std::sync::Arc;

use bitcoin::{Amount, ScriptBuf, Transaction};
use blocks::{COIN, Chain, nowhere, others, pay};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::chain::ChainSource;
use cofferdam_watcher::error::Coded;
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::balances::{Balance, balance};
use cofferdam_watcher::store::{self, Store};
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncError, SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets;
use common::{Desk, SEGWIT};

const TAPROOT: &str = "tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/<0;1>/*)";

fn wallet(name: &str, descriptor: &str) -> Wallet {
    Wallet::from_descriptor(descriptor, name.parse().unwrap(), Network::Regtest, None).unwrap()
}

fn ours(index: u32) -> ScriptBuf {
    wallet("main", SEGWIT)
        .script_pubkey(Branch::Receive, index)
        .unwrap()
}

struct Ledger {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Ledger {
    async fn new(wallets: &[Wallet]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let ledger = Ledger {
            store,
            _folder: folder,
        };
        ledger.import(wallets).await;
        ledger
    }

    async fn import(&self, wallets: &[Wallet]) {
        for wallet in wallets {
            wallets::import(&self.store, wallet.clone(), Some(20))
                .await
                .unwrap();
        }
    }

    async fn sync(&self, chain: &Arc<Chain>, rescan: bool) -> Result<SyncReport, SyncError> {
        let source: Arc<dyn ChainSource> = chain.clone();
        let options = SyncOptions {
            rescan,
            every_block: true,
            ..SyncOptions::default()
        };
        sync(&self.store, &source, ChainKind::Network, options, &Silent).await
    }

    async fn balance(&self, name: &str) -> Balance {
        let mut view = self.store.read().await.unwrap();
        let record = wallets::find(&mut view, name).await.unwrap();
        balance(&mut view, record.no).await.unwrap()
    }

    /// Syncs with a source that must be found lying, and leaves nothing of it behind.
    async fn refuses(&self, chain: Chain, what: &str) {
        let error = self.sync(&Arc::new(chain), false).await.expect_err(what);
        assert_eq!(
            (error.exit() as u8, error.code()),
            (8, "chain-too-much-money"),
            "{what}: {error}"
        );
        assert_eq!(self.balance("main").await, Balance::default(), "{what}");
        let mut view = self.store.read().await.unwrap();
        let tip = store::blocks::tip(&mut view).await.unwrap();
        assert!(tip.is_none(), "{what}: {tip:?}");
    }
}

/// Each transaction is possible, and all of them together are not.
#[tokio::test]
async fn more_than_the_subsidies_issued_is_not_recorded() {
    let all = Amount::MAX_MONEY.to_sat();
    let coins = |count: u32, sat: u64| -> Vec<Transaction> {
        (0..count)
            .map(|number| pay(vec![nowhere(number)], &[(ours(number % 20), sat)]))
            .collect()
    };
    // The second block of regtest: a hundred bitcoin were issued, and fifty more with the third.
    for (what, transactions) in [
        ("9,000 coins of 21 million", coins(9_000, all)),
        ("one coin of all there will ever be", coins(1, all)),
        ("a satoshi more than was issued", coins(1, 100 * COIN + 1)),
        ("two halves", coins(2, 51 * COIN)),
    ] {
        let mut chain = Chain::new();
        chain.mine(others(), transactions);
        Ledger::new(&[wallet("main", SEGWIT)])
            .await
            .refuses(chain, what)
            .await;
    }
    let mut chain = Chain::new();
    chain.mine(others(), coins(1, 90 * COIN));
    chain.mine(
        others(),
        vec![pay(vec![nowhere(99)], &[(ours(1), 61 * COIN)])],
    );
    let ledger = Ledger::new(&[wallet("main", SEGWIT)]).await;
    ledger.refuses(chain, "in two blocks").await;
}

/// The same in the memory pool, where a coin may not come from the chain's money either.
#[tokio::test]
async fn more_than_was_issued_is_not_pending() {
    for (what, count, sat) in [
        ("9,000 of 21 million", 9_000, Amount::MAX_MONEY.to_sat()),
        ("a satoshi more than was issued", 2, 75 * COIN + 1),
    ] {
        let mut chain = Chain::new();
        chain.mine(others(), Vec::new());
        chain.mine(others(), Vec::new());
        chain.pool = (0..count)
            .map(|number| pay(vec![nowhere(number)], &[(ours(number % 20), sat)]))
            .collect();
        let ledger = Ledger::new(&[wallet("main", SEGWIT)]).await;
        let error = ledger.sync(&Arc::new(chain), false).await.expect_err(what);
        assert_eq!(
            (error.exit() as u8, error.code()),
            (8, "chain-too-much-money"),
            "{what}: {error}"
        );
        assert_eq!(ledger.balance("main").await.pending, 0, "{what}");
    }
}

/// Two wallets hold all the money there is. The older one is searched for later, from the
/// beginning: at no height is money counted that was not there then.
#[tokio::test]
async fn all_the_money_there_is_may_be_ours() {
    let (main, other) = (wallet("main", SEGWIT), wallet("other", TAPROOT));
    let mut chain = Chain::new();
    for number in 0..60 {
        let owner = if number < 30 { &other } else { &main };
        let script = owner.script_pubkey(Branch::Receive, number % 20).unwrap();
        chain.mine(script, Vec::new());
    }
    let chain = Arc::new(chain);
    let ledger = Ledger::new(&[main]).await;
    ledger.sync(&chain, false).await.unwrap();
    ledger.import(&[other]).await;
    for rescan in [false, true] {
        ledger.sync(&chain, rescan).await.unwrap();
        for name in ["main", "other"] {
            let Balance {
                confirmed,
                immature,
                ..
            } = ledger.balance(name).await;
            assert_eq!(confirmed + immature, 30 * 50 * COIN, "{name}");
        }
    }
}

/// What an earlier version believed: nothing overflows on it, and an honest source puts it right.
#[test]
fn a_ledger_with_impossible_coins_is_damaged_and_can_be_read_anew() {
    let desk = Desk::with_money();
    let ledger = desk.data().join("ledger.sqlite");
    common::sql(
        &ledger,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
         INSERT INTO coins (txid, vout, wallet_no, branch, address_index, amount_sat, height, coinbase)
         SELECT randomblob(32), i, (SELECT MIN(wallet_no) FROM wallets), 0, 0, 2100000000000000, 50, 0 FROM n",
    );
    desk.run(&["balance", "--wallet", "main"])
        .fails(5, "ledger-damaged");
    let list = desk.write(
        "list.csv",
        "payout_id,address,amount,unit\na,bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080,10000,sat\n",
    );
    let plan = [
        "payout",
        "plan",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "2",
    ];
    desk.run(&plan).fails(5, "ledger-damaged");
    let create = [
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "2",
    ];
    desk.run(&create).fails(5, "ledger-damaged");
    desk.run(&["rehearsal", "mine"]).json();
    let error = desk.run(&["sync"]).fails(5, "ledger-damaged");
    assert!(
        error["hint"].as_str().unwrap().contains("sync --rescan"),
        "{error}"
    );
    desk.run(&["sync", "--rescan"]).json();
    assert_eq!(
        desk.run(&["balance", "--wallet", "main"]).json()["confirmed"],
        500_000_000
    );
    desk.run(&create).json();
}

/// Two impossible coins are fewer than overflow 64 bits, and refused all the same.
#[test]
fn a_few_impossible_coins_are_refused_too() {
    let desk = Desk::with_money();
    common::sql(
        &desk.data().join("ledger.sqlite"),
        "INSERT INTO coins (txid, vout, wallet_no, branch, address_index, amount_sat, height, coinbase)
         SELECT randomblob(32), 0, MIN(wallet_no), 0, 0, 2100000000000000, 50, 0 FROM wallets",
    );
    desk.run(&["balance", "--wallet", "main"])
        .fails(5, "ledger-damaged");
    desk.run(&["rehearsal", "mine"]).json();
    desk.run(&["sync"]).fails(8, "chain-too-much-money");
    desk.run(&["sync", "--rescan"]).json();
    assert_eq!(
        desk.run(&["balance", "--wallet", "main"]).json()["confirmed"],
        500_000_000
    );
}
