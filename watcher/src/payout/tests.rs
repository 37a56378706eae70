//! Sending, with a source that fails when it is told to. Transactions stand in for signed ones:
//! what a source does with them is the test's business alone.

use std::sync::Mutex;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, Block, BlockHash, OutPoint, Transaction, Txid, Weight};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;

use crate::chain::{
    Answer, Blocks, ChainError, NodeError, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};
use crate::csv::{self, Format};
use crate::error::{Coded, Exit};
use crate::plan::{FeeRate, Seed};
use crate::store::facts::{self, Fact};
use crate::store::scripts::ScriptOwner;
use crate::store::{
    Lease, LeaseName, Store, StoreError, blocks, coins, payouts, previous, wallets,
};
use crate::sync::scan;
use crate::sync::watch::Watch;

use super::create::{self, Order};
use super::document::ListDocument;
use super::draft::Terms;
use super::state::TransactionState;
use super::{PayoutError, broadcast, cancel, export, follow, show};

/// A source that takes a number of transactions and then none, and remembers what it was sent.
#[derive(Debug, Default)]
struct Node {
    takes: usize,
    rejects: Option<Txid>,
    sent: Mutex<Vec<Txid>>,
}

impl Node {
    fn taking(takes: usize) -> Self {
        Node {
            takes,
            ..Node::default()
        }
    }

    fn sent(&self) -> Vec<Txid> {
        self.sent.lock().unwrap().clone()
    }
}

fn answer<'a, T: Send + 'a>(value: Result<T, ChainError>) -> Answer<'a, T> {
    Box::pin(async move { value })
}

impl Source for Node {
    fn describe(&self) -> String {
        "a test".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        answer(Ok(Network::Regtest))
    }
}

impl Blocks for Node {
    fn tip(&self) -> Answer<'_, Tip> {
        answer(Err(ChainError::ChainMoved))
    }

    fn block_hashes(&self, _from: u32, _count: u32) -> Answer<'_, Vec<BlockHash>> {
        answer(Ok(vec![]))
    }

    fn header(&self, _hash: BlockHash) -> Answer<'_, bitcoin::block::Header> {
        answer(Err(ChainError::ChainMoved))
    }

    fn block(&self, _hash: BlockHash) -> Answer<'_, Block> {
        answer(Err(ChainError::ChainMoved))
    }
}

impl Relay for Node {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        answer(Ok(vec![]))
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        answer(Ok(vec![None; txids.len()]))
    }

    fn estimate_fee(&self, _blocks: u16) -> Answer<'_, Option<SatPerKvb>> {
        answer(Ok(None))
    }

    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept> {
        answer(Ok(match self.rejects == Some(transaction.compute_txid()) {
            true => TestAccept::Rejected("bad-txns-inputs-missingorspent".into()),
            false => TestAccept::Accepted,
        }))
    }

    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent> {
        let mut sent = self.sent.lock().unwrap();
        if sent.len() == self.takes {
            return answer(Err(ChainError::Node(NodeError::WarmingUp("gone".into()))));
        }
        sent.push(transaction.compute_txid());
        answer(Ok(Sent::Accepted))
    }
}

/// A ledger with a wallet of `count` coins of a million satoshi.
async fn ledger(folder: &tempfile::TempDir, count: u32) -> Store {
    let descriptor = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)#lxek0ef2";
    ledger_of(folder, descriptor, count).await
}

async fn ledger_of(folder: &tempfile::TempDir, descriptor: &str, count: u32) -> Store {
    let store = Store::open(&folder.path().join("ledger.sqlite"))
        .await
        .unwrap();
    let document = format!(
        "{{\"name\": \"main\", \"network\": \"regtest\", \"descriptor\": \"{descriptor}\", \"birthday\": null}}"
    );
    let wallet = cofferdam_core::wallet::Wallet::parse_json(document.as_bytes()).unwrap();
    let record = crate::wallets::import(&store, wallet, None)
        .await
        .unwrap()
        .record;
    let mut write = store.write().await.unwrap();
    let block = |height: u32| Tip {
        height,
        hash: BlockHash::from_byte_array([height as u8; 32]),
    };
    blocks::insert(&mut write, &[(block(0), 0), (block(1), 0)])
        .await
        .unwrap();
    wallets::begin_at(&mut write, record.no, 2).await.unwrap();
    facts::set(&mut write, Fact::SyncedHeight, "1")
        .await
        .unwrap();
    for index in 0..count {
        let funding = Transaction {
            version: bitcoin::transaction::Version::TWO,
            lock_time: bitcoin::absolute::LockTime::from_consensus(index),
            input: vec![],
            output: vec![bitcoin::TxOut {
                value: Amount::from_sat(1_000_000),
                script_pubkey: record.wallet.script_pubkey(Branch::Receive, index).unwrap(),
            }],
        };
        let outpoint = OutPoint {
            txid: funding.compute_txid(),
            vout: 0,
        };
        let owner = ScriptOwner {
            wallet_no: record.no,
            branch: Branch::Receive,
            index,
        };
        coins::insert(
            &mut write,
            outpoint,
            owner,
            Amount::from_sat(1_000_000),
            1,
            false,
        )
        .await
        .unwrap();
        previous::insert(&mut write, &funding).await.unwrap();
    }
    write.commit().await.unwrap();
    store
}

fn order(list: &str, max_weight: u64) -> Order {
    Order {
        list: csv::import(list.as_bytes(), &Format::Cofferdam, Network::Regtest).unwrap(),
        format: Format::Cofferdam,
        again: false,
        terms: Terms {
            wallet: "main".into(),
            fee_rate: FeeRate::from_sat_per_kvb(2_000),
            max_weight: Weight::from_wu(max_weight),
            confirmations: 1,
            seed: Seed::from_bytes([7; 8]),
            max_fee_rate: None,
            accept: vec!["payment-open".into()],
        },
    }
}

fn payments(prefix: &str, count: usize, satoshi: u64) -> String {
    let mut list = String::from("payout_id,address,amount,unit\n");
    for number in 0..count {
        let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
        list.push_str(&format!("{prefix}{number},{address},{satoshi},sat\n"));
    }
    list
}

/// Creates a list of three transactions and marks them signed.
async fn signed(store: &Store) -> (ListDocument, Vec<Txid>) {
    let created = create::create(store, &order(&payments("a", 60, 5_000), 4_000))
        .await
        .unwrap()
        .list;
    let mut write = store.write().await.unwrap();
    let list = show::find(&mut write, created.id.as_deref().unwrap())
        .await
        .unwrap();
    payouts::note_exported(&mut write, list.no).await.unwrap();
    let mut txids = Vec::new();
    for record in payouts::transactions(&mut write, list.no).await.unwrap() {
        txids.push(record.unsigned.compute_txid());
        payouts::note_signed(&mut write, record.no, &record.unsigned)
            .await
            .unwrap();
    }
    write.commit().await.unwrap();
    assert!(txids.len() >= 3);
    (created, txids)
}

mod undone;

#[tokio::test]
async fn what_a_source_would_refuse_is_found_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let (list, txids) = signed(&store).await;
    let source = Node {
        rejects: txids.last().copied(),
        ..Node::taking(99)
    };
    let error = broadcast::broadcast(&store, &source, list.id.as_deref().unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(error, PayoutError::WouldBeRejected { .. }),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Rejected);
    assert_eq!(source.sent(), []);
}

#[tokio::test]
async fn a_source_that_fails_half_way_is_told_of_and_the_retry_sends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let (list, txids) = signed(&store).await;
    let id = list.id.as_deref().unwrap();
    let failing = Node::taking(2);
    let error = broadcast::broadcast(&store, &failing, id)
        .await
        .unwrap_err();
    assert!(
        matches!(error, PayoutError::PartlySent { sent: 2, .. }),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::ChainNotReady);
    let states: Vec<_> = show::show(&store, id)
        .await
        .unwrap()
        .transactions
        .into_iter()
        .map(|found| found.state)
        .collect();
    assert_eq!(states[..2], [TransactionState::Broadcast; 2]);
    assert!(
        states[2..]
            .iter()
            .all(|state| *state == TransactionState::Signed)
    );
    assert!(matches!(
        broadcast::broadcast(&store, &Node::taking(0), id).await,
        Err(PayoutError::Chain(ChainError::Node(NodeError::WarmingUp(
            _
        ))))
    ));
    let working = Node::taking(99);
    let sent = broadcast::broadcast(&store, &working, id).await.unwrap();
    assert_eq!(sent.state, TransactionState::Broadcast);
    assert_eq!(working.sent(), txids);
}

#[tokio::test]
async fn two_processes_do_not_send_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let (list, _) = signed(&store).await;
    let held = Lease::take(&store, LeaseName::Broadcast).await.unwrap();
    let source = Node::taking(99);
    let id = list.id.as_deref().unwrap();
    let error = broadcast::broadcast(&store, &source, id).await.unwrap_err();
    assert!(
        matches!(error, PayoutError::Store(StoreError::LeaseHeld { .. })),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Busy);
    assert_eq!(source.sent(), []);
    held.release(&store).await.unwrap();
    broadcast::broadcast(&store, &source, id).await.unwrap();
}

#[tokio::test]
async fn lists_that_are_created_at_once_share_no_coin() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let orders: Vec<Order> = (0..8)
        .map(|list| order(&payments(&format!("l{list}-"), 2, 300_000), 200_000))
        .collect();
    let mut tasks = Vec::new();
    for order in orders {
        let store = store.clone();
        tasks.push(tokio::spawn(
            async move { create::create(&store, &order).await },
        ));
    }
    let mut spent = std::collections::HashSet::new();
    let mut change = std::collections::HashSet::new();
    for task in tasks {
        for transaction in task.await.unwrap().unwrap().list.transactions {
            assert!(
                change.insert(transaction.change_address),
                "a change address was used twice"
            );
            for input in transaction.inputs {
                assert!(spent.insert(input.outpoint), "a coin was planned twice");
            }
        }
    }
}

#[tokio::test]
async fn one_file_is_created_once_by_however_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let (store, order) = (store.clone(), order(&payments("a", 3, 10_000), 200_000));
        tasks.push(tokio::spawn(
            async move { create::create(&store, &order).await },
        ));
    }
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            Err(error) => assert_eq!(error.exit(), Exit::Conflict, "{error}"),
        }
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn an_exported_id_is_planned_again_only_with_its_anchor() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 2).await;
    let list = payments("a", 1, 10_000);
    let first = create::create(&store, &order(&list, 200_000))
        .await
        .unwrap()
        .list;
    let version = cofferdam_core::psbt::Version::V0;
    export::export(
        &store,
        first.id.as_deref().unwrap(),
        version,
        export::Format::Psbt,
        Ok::<_, PayoutError>,
    )
    .await
    .unwrap();
    let again = Order {
        again: true,
        ..order(&list, 200_000)
    };
    let error = create::create(&store, &again).await.unwrap_err();
    assert!(
        matches!(&error, PayoutError::KnownIds(known) if known.len() == 1),
        "{error}"
    );
    cancel::cancel(
        &store,
        first.id.as_deref().unwrap(),
        &cancel::CancelTerms::default(),
    )
    .await
    .unwrap();
    assert!(matches!(
        create::create(&store, &again).await,
        Err(PayoutError::KnownIds(_))
    ));
    // Were its anchor free, a transaction that spends it could never confirm beside the first.
    let mut write = store.write().await.unwrap();
    let record = show::find(&mut write, first.id.as_deref().unwrap())
        .await
        .unwrap();
    let transaction = payouts::transactions(&mut write, record.no)
        .await
        .unwrap()
        .remove(0);
    payouts::unlock(&mut write, transaction.no).await.unwrap();
    let coins = wallets::by_name(&mut write, "main").await.unwrap().unwrap();
    for coin in coins::unspent(&mut write, coins.no).await.unwrap() {
        if coin.outpoint != transaction.anchor {
            coins::spend(&mut write, coin.outpoint, Txid::all_zeros(), 1)
                .await
                .unwrap();
        }
    }
    write.commit().await.unwrap();
    let second = create::create(&store, &again).await.unwrap().list;
    assert_eq!(
        second.transactions[0].inputs[0].outpoint,
        transaction.anchor.to_string()
    );
}

#[tokio::test]
async fn nothing_is_planned_on_half_a_sync() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let order = order(&payments("a", 1, 10_000), 200_000);
    let refuses = || async {
        let error = create::plan(&store, &order).await.unwrap_err();
        assert!(matches!(error, PayoutError::NotSynced { .. }), "{error}");
        assert_eq!(error.exit(), Exit::ChainNotReady);
    };
    create::plan(&store, &order).await.unwrap();
    let record = wallets::by_name(&mut store.read().await.unwrap(), "main")
        .await
        .unwrap()
        .unwrap();
    for (synced, next) in [(Some("2"), 2), (None, 2), (Some("1"), 1)] {
        let mut write = store.write().await.unwrap();
        match synced {
            Some(height) => facts::set(&mut write, Fact::SyncedHeight, height)
                .await
                .unwrap(),
            None => facts::forget(&mut write, Fact::SyncedHeight).await.unwrap(),
        }
        wallets::begin_at(&mut write, record.no, next)
            .await
            .unwrap();
        write.commit().await.unwrap();
        refuses().await;
    }
}

/// A legacy transaction has its txid from its signatures, which others can write in another form;
/// and one that was never imported has it from whoever sent it. Neither may pass for a payment that
/// was not made.
#[tokio::test]
async fn a_payment_under_an_unforeseen_txid_was_made_all_the_same() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../fixtures/core-signing/regtest.json")).unwrap();
    let mut cases = fixture["cases"].as_array().unwrap().iter();
    let legacy = cases.find(|case| case["name"] == "p2pkh").unwrap();
    for (imported, satoshi) in [(false, 999_500), (true, 999_500), (true, 500_000)] {
        let folder = tempfile::tempdir().unwrap();
        let descriptor = format!("{}#0x5u8d5c", legacy["descriptor"].as_str().unwrap());
        let store = ledger_of(&folder, &descriptor, 1).await;
        let created = create::create(&store, &order(&payments("a", 1, satoshi), 200_000))
            .await
            .unwrap()
            .list;
        let id = created.id.as_deref().unwrap();
        let mut write = store.write().await.unwrap();
        let list = show::find(&mut write, id).await.unwrap();
        payouts::note_exported(&mut write, list.no).await.unwrap();
        let record = payouts::transactions(&mut write, list.no)
            .await
            .unwrap()
            .remove(0);
        let signed = |script_sig: u8| {
            let mut transaction = record.unsigned.clone();
            transaction.input[0].script_sig = bitcoin::ScriptBuf::from_bytes(vec![script_sig]);
            transaction
        };
        if imported {
            payouts::note_signed(&mut write, record.no, &signed(0x51))
                .await
                .unwrap();
        }
        write.commit().await.unwrap();
        let block = Block {
            header: bitcoin::constants::genesis_block(bitcoin::Network::Regtest).header,
            txdata: vec![signed(0x52)],
        };
        let mut watch = Watch::load(&store).await.unwrap();
        let effects = scan::scan(&mut watch, 2, &block).unwrap();
        let mut write = store.write().await.unwrap();
        effects.write(&mut write).await.unwrap();
        follow::follow(&mut write).await.unwrap();
        write.commit().await.unwrap();
        let state = || async { show::show(&store, id).await.unwrap().state };
        assert_eq!(
            state().await,
            TransactionState::Confirmed,
            "imported {imported}"
        );
        // Previous transactions do not stay for ever; what they showed does.
        let mut write = store.write().await.unwrap();
        previous::clear(&mut write).await.unwrap();
        write.commit().await.unwrap();
        assert_eq!(
            state().await,
            TransactionState::Confirmed,
            "imported {imported}, later"
        );
        // Signatures that come back late do not change what the chain holds.
        let mut write = store.write().await.unwrap();
        payouts::note_signed(&mut write, record.no, &signed(0x53))
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert_eq!(
            state().await,
            TransactionState::Confirmed,
            "imported {imported}, again"
        );
    }
}

/// What was dropped before an export is not handed over with the rest, and reserves nothing again.
#[tokio::test]
async fn an_export_leaves_dropped_transactions_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let created = create::create(&store, &order(&payments("a", 60, 5_000), 4_000))
        .await
        .unwrap()
        .list;
    let mut write = store.write().await.unwrap();
    let list = show::find(&mut write, created.id.as_deref().unwrap())
        .await
        .unwrap();
    let dropped = payouts::transactions(&mut write, list.no)
        .await
        .unwrap()
        .remove(0);
    payouts::note_cancelling(&mut write, dropped.no)
        .await
        .unwrap();
    payouts::unlock(&mut write, dropped.no).await.unwrap();
    write.commit().await.unwrap();
    let version = cofferdam_core::psbt::Version::V0;
    let contents = export::export(
        &store,
        &list.id,
        version,
        export::Format::Psbt,
        Ok::<_, PayoutError>,
    )
    .await
    .unwrap();
    let again = export::export(
        &store,
        &list.id,
        version,
        export::Format::Psbt,
        Ok::<_, PayoutError>,
    )
    .await
    .unwrap();
    assert_eq!(again.files, contents.files, "the same ones each time");
    let bundled = export::export(
        &store,
        &list.id,
        version,
        export::Format::Bundle,
        Ok::<_, PayoutError>,
    )
    .await
    .unwrap();
    let [(name, bundle)] = &bundled.files[..] else {
        panic!("one file")
    };
    assert_eq!(*name, format!("{}.bundle", list.id));
    let bundle = cofferdam_transport::bundle::Bundle::parse(bundle).unwrap();
    let psbts: Vec<_> = contents
        .files
        .iter()
        .map(|(_, psbt)| psbt.clone())
        .collect();
    assert_eq!(bundle.psbts().unwrap(), psbts);
    let states: Vec<_> = show::show(&store, &list.id)
        .await
        .unwrap()
        .transactions
        .into_iter()
        .map(|found| found.state)
        .collect();
    assert_eq!(states[0], TransactionState::Cancelled);
    assert!(
        states[1..]
            .iter()
            .all(|state| *state == TransactionState::Exported)
    );
}

/// What is told of many lists at once is what is told of each, in pages of any size.
#[tokio::test]
async fn pages_tell_what_each_list_tells() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 20).await;
    let (sent, _) = signed(&store).await;
    let id = sent.id.unwrap();
    broadcast::broadcast(&store, &Node::taking(99), &id)
        .await
        .unwrap();
    for prefix in ["b", "c"] {
        let list = payments(prefix, 2, 10_000);
        create::create(&store, &order(&list, 200_000))
            .await
            .unwrap();
    }
    let whole = show::page(&store, None, None, show::PAGE).await.unwrap();
    assert_eq!(whole.len(), 3);
    let states: Vec<_> = whole.iter().map(|list| list.state).collect();
    assert_eq!(states[0], TransactionState::Broadcast);
    assert_eq!(states[1..], [TransactionState::Planned; 2]);
    let json = |summary: &show::Summary| serde_json::to_value(summary).unwrap();
    let mut after: Option<String> = None;
    for summary in &whole {
        let page = show::page(&store, Some("main"), after.as_deref(), 1)
            .await
            .unwrap();
        let [one] = page.as_slice() else {
            panic!("a page of one has {}", page.len())
        };
        assert_eq!(json(one), json(summary));
        let shown = show::show(&store, &summary.id).await.unwrap();
        assert_eq!(
            (shown.state, shown.totals.count, shown.totals.total_sat),
            (one.state, u64::from(one.count), one.total_sat)
        );
        assert_eq!(
            (shown.transactions.len(), shown.totals.fee_sat),
            (one.transactions, one.fee_sat)
        );
        after = Some(summary.id.clone());
    }
    let beyond = show::page(&store, None, after.as_deref(), 1).await.unwrap();
    assert!(beyond.is_empty());
}
