//! Spends of our coins are believed when they are signed: those of the memory pool, and those of
//! blocks.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/forged.rs"]
mod forged;

use bitcoin::{Block, OutPoint, ScriptBuf, Transaction, TxOut, Witness};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::error::{Coded, Exit};
use cofferdam_watcher::remedy::Remedy;
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::store::balances::{Balance, balance};
use cofferdam_watcher::store::wallets::WalletRecord;
use cofferdam_watcher::sync::checks::{Checks, Rule};
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncError, SyncOptions, SyncReport, sync};
use cofferdam_watcher::wallets;
use forged::{Forged, elsewhere, nobodys, sign, transaction};

const XPUB: &str = "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*";
const KINDS: [&str; 4] = ["pkh(@)", "sh(wpkh(@))", "wpkh(@)", "tr(@)"];
const COIN: u64 = 100_000;

struct Scene {
    chain: Forged,
    store: Store,
    record: WalletRecord,
    /// Two coins, of the first two addresses.
    coins: [OutPoint; 2],
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new(kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        let descriptor = kind.replace('@', XPUB);
        let name = "main".parse().unwrap();
        let wallet = Wallet::from_descriptor(&descriptor, name, Network::Regtest, None).unwrap();
        let record = wallets::import(&store, wallet, Some(10))
            .await
            .unwrap()
            .record;
        let chain = Forged::new(3);
        let mut scene = Scene {
            chain,
            store,
            record,
            coins: [OutPoint::null(); 2],
            _folder: folder,
        };
        let funding = transaction(&[nobodys(1)], &[scene.ours(0), scene.ours(1)]);
        let txid = funding.compute_txid();
        scene.coins = [OutPoint::new(txid, 0), OutPoint::new(txid, 1)];
        scene.chain.mine(vec![funding]);
        scene.sync().await.unwrap();
        assert_eq!(scene.balance().await.spendable, 2 * COIN);
        scene
    }

    fn ours(&self, index: u32) -> TxOut {
        TxOut {
            value: bitcoin::Amount::from_sat(COIN),
            script_pubkey: self
                .record
                .wallet
                .script_pubkey(Branch::Receive, index)
                .unwrap(),
        }
    }

    /// Returns a transaction that spends the first coin, without its signature.
    fn unsigned(&self) -> Transaction {
        transaction(&self.coins[..1], &[elsewhere(90_000)])
    }

    fn signed(&self) -> Transaction {
        let mut signed = self.unsigned();
        sign(&mut signed, 0, &[self.ours(0)], (Branch::Receive, 0));
        signed
    }

    /// Returns transactions that spend the first coin, signed wrongly in many ways.
    fn forged(&self) -> Vec<(&'static str, Transaction)> {
        let mut other_key = self.unsigned();
        sign(&mut other_key, 0, &[self.ours(0)], (Branch::Receive, 5));
        let mut other_outputs = self.signed();
        other_outputs.output = vec![elsewhere(89_999)];
        let mut other_coin = self.unsigned();
        sign(&mut other_coin, 0, &[self.ours(1)], (Branch::Receive, 1));
        let mut nothing = self.unsigned();
        nothing.input[0].witness = Witness::from_slice(&[&[][..], &[]]);
        let mut anything = self.unsigned();
        anything.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]);
        anything.input[0].witness = Witness::from_slice(&[[0x51]]);
        let mut second = transaction(&self.coins, &[elsewhere(190_000)]);
        sign(
            &mut second,
            0,
            &[self.ours(0), self.ours(1)],
            (Branch::Receive, 0),
        );
        let mut with_others = transaction(&[nobodys(9), self.coins[0]], &[elsewhere(90_000)]);
        with_others.input[1].witness = Witness::from_slice(&[[7; 64]]);
        vec![
            ("unsigned", self.unsigned()),
            ("by another key", other_key),
            ("for other outputs", other_outputs),
            ("for another coin", other_coin),
            ("with empty items", nothing),
            ("with a script that is true", anything),
            ("one of two coins", second),
            ("beside a coin of others", with_others),
        ]
    }

    /// Mines a block that has a transaction of others with a witness, as the last one.
    fn mine_with_others(&self, mut transactions: Vec<Transaction>) -> Block {
        let mut others = transaction(&[nobodys(6)], &[elsewhere(1)]);
        others.input[0].witness = Witness::from_slice(&[[7; 64]]);
        transactions.push(others);
        self.chain.mine(transactions)
    }

    /// Has the newest block served otherwise, under the same hash.
    fn serve(&self, right: &Block, change: impl FnOnce(&mut Block)) {
        let mut state = self.chain.state();
        let block = state.blocks.last_mut().unwrap();
        change(block);
        assert_eq!(block.block_hash(), right.block_hash());
    }

    /// The newest block is refused for its witnesses, until it is served as it is.
    async fn other_witnesses_then(&self, right: &Block, what: &str) {
        let error = self.sync().await.unwrap_err();
        assert_eq!(
            (error.exit(), error.code()),
            (Exit::ChainNotReady, "block-witnesses"),
            "{what}"
        );
        assert_eq!(self.balance().await.confirmed, 2 * COIN, "{what}");
        *self.chain.state().blocks.last_mut().unwrap() = right.clone();
        self.sync().await.unwrap();
        assert_eq!(self.balance().await.confirmed, COIN, "{what}");
    }

    async fn sync(&self) -> Result<SyncReport, SyncError> {
        self.sync_with(Checks::default()).await
    }

    async fn sync_with(&self, checks: Checks) -> Result<SyncReport, SyncError> {
        let options = SyncOptions {
            checks,
            ..SyncOptions::default()
        };
        let progress = Silent;
        sync(
            &self.store,
            &self.chain.source(),
            ChainKind::Network,
            options,
            &progress,
        )
        .await
    }

    async fn balance(&self) -> Balance {
        let mut view = self.store.read().await.unwrap();
        balance(&mut view, self.record.no).await.unwrap()
    }
}

/// A spend that nobody signed takes no coin, whatever the memory pool holds.
#[tokio::test]
async fn the_memory_pool_spends_no_coin_without_a_signature() {
    for kind in KINDS {
        let scene = Scene::new(kind).await;
        for (what, forged) in scene.forged() {
            scene.chain.pool_of(&[forged]);
            for _ in 0..2 {
                let report = scene.sync().await.unwrap();
                assert_eq!((report.pool, report.unproven), (0, 1), "{kind} {what}");
                assert_eq!(scene.balance().await.spendable, 2 * COIN, "{kind} {what}");
            }
            // Without the rule, the coin counts as spent.
            scene
                .sync_with(Checks::without(&[Rule::PoolSpends]))
                .await
                .unwrap();
            assert!(scene.balance().await.spendable < 2 * COIN, "{kind} {what}");
            scene.chain.pool_of(&[]);
            scene.sync().await.unwrap();
        }
        scene.chain.pool_of(&[scene.signed()]);
        let report = scene.sync().await.unwrap();
        assert_eq!((report.pool, report.unproven), (1, 0), "{kind}");
        assert_eq!(scene.balance().await.spendable, COIN, "{kind}");
    }
}

/// Where signatures are not part of the txid, the same txid comes with and without them: the first
/// look is not the last.
#[tokio::test]
async fn a_spend_is_believed_as_soon_as_its_signature_comes() {
    let scene = Scene::new("wpkh(@)").await;
    scene.chain.pool_of(&[scene.unsigned()]);
    assert_eq!(scene.sync().await.unwrap().unproven, 1);
    scene.chain.pool_of(&[scene.signed()]);
    let report = scene.sync().await.unwrap();
    assert_eq!((report.pool, report.unproven), (1, 0));
    assert_eq!(scene.balance().await.spendable, COIN);
}

/// What an unproven transaction pays us, and what is spent of it, is not believed either.
#[tokio::test]
async fn nothing_rests_on_an_unproven_transaction() {
    let scene = Scene::new("wpkh(@)").await;
    let parent = transaction(&scene.coins[..1], &[scene.ours(2)]);
    let coin = OutPoint::new(parent.compute_txid(), 0);
    let mut child = transaction(&[coin], &[scene.ours(3)]);
    sign(&mut child, 0, &[scene.ours(2)], (Branch::Receive, 2));
    for pool in [[parent.clone(), child.clone()], [child, parent]] {
        scene.chain.pool_of(&pool);
        let report = scene.sync().await.unwrap();
        assert_eq!((report.pool, report.unproven), (0, 2));
        let found = scene.balance().await;
        assert_eq!((found.spendable, found.pending), (2 * COIN, 0));
    }
}

/// A signature of taproot covers what others spend: that is asked for, and proven by its txid.
#[tokio::test]
async fn taproot_beside_coins_of_others() {
    let scene = Scene::new("tr(@)").await;
    let others = transaction(&[nobodys(3)], &[elsewhere(5_000)]);
    let coin = OutPoint::new(others.compute_txid(), 0);
    let mut joint = transaction(&[coin, scene.coins[0]], &[elsewhere(90_000)]);
    let spent = [elsewhere(5_000), scene.ours(0)];
    sign(&mut joint, 1, &spent, (Branch::Receive, 0));
    // Not to be had: not believed.
    scene.chain.pool_of(std::slice::from_ref(&joint));
    assert_eq!(scene.sync().await.unwrap().unproven, 1);
    scene.chain.state().others.push(others.clone());
    let report = scene.sync().await.unwrap();
    assert_eq!((report.pool, report.unproven), (1, 0));
    // The signature is for another amount than the other coin has.
    let wrong = [elsewhere(5_001), scene.ours(0)];
    sign(&mut joint, 1, &wrong, (Branch::Receive, 0));
    scene.chain.pool_of(&[]);
    scene.sync().await.unwrap();
    scene.chain.pool_of(std::slice::from_ref(&joint));
    assert_eq!(scene.sync().await.unwrap().unproven, 1);
    // In a block that has the other transaction too, it is proven; and refused when it is wrong.
    scene.chain.pool_of(&[]);
    scene.chain.mine(vec![others.clone(), joint.clone()]);
    refused(scene.sync().await);
    scene.chain.cut(1);
    sign(&mut joint, 1, &spent, (Branch::Receive, 0));
    scene.chain.mine(vec![others, joint]);
    scene.sync().await.unwrap();
    assert_eq!(scene.balance().await.confirmed, COIN);
}

/// A block with a spend that nobody signed is none: nothing of it is recorded, and the right block
/// takes its place.
#[tokio::test]
async fn a_block_that_spends_a_coin_without_a_signature_is_refused() {
    for kind in KINDS {
        let scene = Scene::new(kind).await;
        for (what, forged) in scene.forged() {
            // What others spend beside a taproot coin is not known here: a block's work stands for
            // it.
            if kind == "tr(@)" && what == "beside a coin of others" {
                continue;
            }
            scene.chain.mine(vec![forged.clone()]);
            refused(scene.sync().await);
            assert_eq!(scene.balance().await.confirmed, 2 * COIN, "{kind} {what}");
            let none = Checks::without(&[Rule::BlockSpends]);
            scene.sync_with(none).await.unwrap();
            assert!(scene.balance().await.confirmed < 2 * COIN, "{kind} {what}");
            // Two blocks take the place of the one.
            scene.chain.cut(1);
            scene.chain.mine(Vec::new());
            scene.chain.mine(Vec::new());
            scene.sync().await.unwrap();
            assert_eq!(scene.balance().await.confirmed, 2 * COIN, "{kind} {what}");
        }
        scene.chain.mine(vec![scene.signed()]);
        scene.sync().await.unwrap();
        assert_eq!(scene.balance().await.confirmed, COIN, "{kind}");
    }
}

/// A coin made in the same block, and a coin spent twice in one block.
#[tokio::test]
async fn coins_of_the_same_block_are_proven_too() {
    let scene = Scene::new("wpkh(@)").await;
    let funding = transaction(&[nobodys(5)], &[scene.ours(2)]);
    let coin = OutPoint::new(funding.compute_txid(), 0);
    let mut spending = transaction(&[coin], &[elsewhere(1_000)]);
    scene.chain.mine(vec![funding.clone(), spending.clone()]);
    refused(scene.sync().await);
    scene.chain.cut(1);
    sign(&mut spending, 0, &[scene.ours(2)], (Branch::Receive, 2));
    let mut again = transaction(&[coin], &[elsewhere(2_000)]);
    sign(&mut again, 0, &[scene.ours(2)], (Branch::Receive, 2));
    scene
        .chain
        .mine(vec![funding.clone(), spending.clone(), again]);
    refused(scene.sync().await);
    scene.chain.cut(1);
    scene.chain.mine(vec![funding, spending]);
    scene.sync().await.unwrap();
    assert_eq!(scene.balance().await.confirmed, 2 * COIN);
}

/// A node that strips or alters witnesses is found out by the block's own commitment to them.
#[tokio::test]
async fn a_block_whose_witnesses_were_altered_is_refused() {
    for change in ["strip all", "strip ours", "alter ours"] {
        let scene = Scene::new("wpkh(@)").await;
        let right = scene.mine_with_others(vec![scene.signed()]);
        scene.serve(&right, |block| match change {
            "strip all" => block.txdata.iter_mut().for_each(|transaction| {
                transaction
                    .input
                    .iter_mut()
                    .for_each(|input| input.witness.clear());
            }),
            "strip ours" => block.txdata[1].input[0].witness.clear(),
            _ => block.txdata[1].input[0].witness = Witness::from_slice(&[[8; 64]]),
        });
        scene.other_witnesses_then(&right, change).await;
    }
}

/// Where the spent output of another beside a taproot coin of ours is not known, the block's work
/// stands for the signature, and so all of the block has to be the block's.
#[tokio::test]
async fn where_a_signature_cannot_be_checked_the_witnesses_of_all_count() {
    let scene = Scene::new("tr(@)").await;
    let mut joint = transaction(&[nobodys(9), scene.coins[0]], &[elsewhere(90_000)]);
    sign(
        &mut joint,
        1,
        &[elsewhere(5_000), scene.ours(0)],
        (Branch::Receive, 0),
    );
    let right = scene.mine_with_others(vec![joint]);
    scene.serve(&right, |block| {
        block.txdata[2].input[0].witness = Witness::from_slice(&[[8; 64]]);
    });
    scene.other_witnesses_then(&right, "alter another's").await;
}

/// Hashing a whole block for its commitment is left out where our signature holds: what others'
/// witnesses are changes nothing.
#[tokio::test]
async fn witnesses_of_others_are_not_looked_at_where_ours_hold() {
    for kind in ["wpkh(@)", "tr(@)"] {
        let scene = Scene::new(kind).await;
        let right = scene.mine_with_others(vec![scene.signed()]);
        scene.serve(&right, |block| block.txdata[2].input[0].witness.clear());
        scene.sync().await.unwrap();
        assert_eq!(scene.balance().await.confirmed, COIN, "{kind}");
    }
}

#[track_caller]
fn refused(result: Result<SyncReport, SyncError>) {
    let error = result.unwrap_err();
    assert_eq!(
        (error.exit(), error.code()),
        (Exit::ChainNotReady, "block-spend-unsigned")
    );
    assert_eq!(error.remedy(), Remedy::LeaveLyingNode);
}
