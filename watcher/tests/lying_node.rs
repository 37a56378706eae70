//! A node that lies: what it tells a sync, a plan and a broadcast does no harm; and without the
//! rule that a lie is caught by, it does.
//!
//! Regtest and its first block are right, everything else may be a lie. Harm is a payout id that
//! can be planned again, a spend, a payment or a block believed without proof, a ledger that an
//! honest node does not bring back, a panic, or work without bounds.

mod common;
#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/forged.rs"]
mod forged;
#[path = "lying_node/liar.rs"]
mod liar;
#[path = "lying_node/lies.rs"]
mod lies;

use std::path::Path;
use std::sync::Arc;

use bitcoin::consensus::encode;
use bitcoin::{OutPoint, Psbt, Transaction, TxOut};
use cofferdam_core::wallet::Branch;
use cofferdam_watcher::chain::ChainSource;
use cofferdam_watcher::payout::{broadcast, show};
use cofferdam_watcher::settings::ChainKind;
use cofferdam_watcher::store::Store;
use cofferdam_watcher::sync::checks::Checks;
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::{SyncOptions, SyncReport, sync};
use common::{Desk, database};
use forged::{Forged, nobodys, sign, transaction};
use liar::Liar;
use lies::{Lie, Told};
use serde_json::Value;

/// What each coin of the treasury holds.
const COIN: u64 = 1_000_000;
/// How many there are, at the first addresses.
const COINS: u32 = 4;

/// A treasury with two lists: one exported, one signed, neither sent; and what the chain holds.
struct Treasury {
    desk: Desk,
    chain: Forged,
    lists: [String; 2],
    /// The exported list's transaction, unsigned.
    exported: Transaction,
    /// The signed list's transaction.
    signed: Transaction,
    /// The coins that both spend, with their outputs and indices.
    coins: Vec<(OutPoint, TxOut, u32)>,
}

impl Treasury {
    fn new() -> Self {
        let desk = Desk::with_wallet();
        let chain = Forged::new(3);
        let outputs: Vec<TxOut> = (0..COINS)
            .map(|_| desk.run(&["address", "--wallet", "main", "--next"]).json())
            .map(|address| TxOut {
                value: bitcoin::Amount::from_sat(COIN),
                script_pubkey: script_of(&address),
            })
            .collect();
        let funding = transaction(&[nobodys(1)], &outputs);
        let txid = funding.compute_txid();
        let coins = outputs
            .into_iter()
            .zip(0..)
            .map(|(output, vout)| (OutPoint::new(txid, vout), output, vout))
            .collect();
        chain.mine(vec![funding]);
        (0..6).for_each(|_| drop(chain.mine(Vec::new())));
        let mut treasury = Treasury {
            desk,
            chain,
            lists: Default::default(),
            exported: transaction(&[], &[]),
            signed: transaction(&[], &[]),
            coins,
        };
        run(async {
            let store = treasury.open(&treasury.desk.data()).await;
            follow(&store, treasury.chain.source(), Checks::default())
                .await
                .unwrap();
            store.close().await;
        });
        for (place, name) in ["exported", "signed"].into_iter().enumerate() {
            treasury.lists[place] = treasury.create(name);
        }
        treasury.exported = treasury.export(&treasury.lists[0], "exported.psbt");
        let mut signed = treasury.export(&treasury.lists[1], "signed.psbt");
        treasury.sign(&mut signed);
        let file = treasury
            .desk
            .write("signed.hex", encode::serialize_hex(&signed));
        treasury
            .desk
            .run(&["payout", "import", &treasury.lists[1], &file])
            .json();
        treasury.signed = signed;
        treasury
    }

    fn create(&self, name: &str) -> String {
        let created = self
            .desk
            .run(&self.create_arguments(name).each_ref().map(String::as_str));
        created.json()["id"].as_str().unwrap().to_owned()
    }

    fn create_arguments(&self, name: &str) -> [String; 7] {
        self.list_arguments(name, name)
    }

    /// Returns what creates a list of an id that pays what another list pays.
    fn list_arguments(&self, id: &str, pays: &str) -> [String; 7] {
        let address = match pays {
            "exported" => "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            _ => "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
        };
        let list = format!("payout_id,address,amount,unit\n{id}-0,{address},400000,sat\n");
        let file = self.desk.write(&format!("{id}-{pays}.csv"), list);
        [
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "2",
        ]
        .map(str::to_owned)
    }

    fn export(&self, list: &str, name: &str) -> Transaction {
        let file = self.desk.folder.path().join(name).display().to_string();
        self.desk
            .run(&["payout", "export", list, "--out", &file])
            .json();
        let psbt = Psbt::deserialize(&std::fs::read(file).unwrap()).unwrap();
        psbt.unsigned_tx
    }

    fn output(&self, outpoint: &OutPoint) -> (TxOut, u32) {
        let found = self
            .coins
            .iter()
            .find(|(coin, ..)| coin == outpoint)
            .unwrap();
        (found.1.clone(), found.2)
    }

    fn sign(&self, transaction: &mut Transaction) {
        let spent: Vec<(TxOut, u32)> = transaction
            .input
            .iter()
            .map(|input| self.output(&input.previous_output))
            .collect();
        let outputs: Vec<TxOut> = spent.iter().map(|(output, _)| output.clone()).collect();
        for (input, (_, index)) in spent.iter().enumerate() {
            sign(transaction, input, &outputs, (Branch::Receive, *index));
        }
    }

    async fn open(&self, folder: &Path) -> Store {
        Store::open(&folder.join("ledger.sqlite")).await.unwrap()
    }

    /// Copies the data folder, and the chain.
    fn copy(&self, folder: &Path) -> Forged {
        database::copy(
            &self.desk.data().join("ledger.sqlite"),
            &folder.join("ledger.sqlite"),
        );
        let copy = Forged::new(0);
        copy.state().blocks = self.chain.state().blocks.clone();
        copy
    }
}

fn script_of(address: &Value) -> bitcoin::ScriptBuf {
    let address: bitcoin::Address<_> = address["address"].as_str().unwrap().parse().unwrap();
    address.assume_checked().script_pubkey()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

async fn follow(
    store: &Store,
    source: Arc<dyn ChainSource>,
    checks: Checks,
) -> Result<SyncReport, cofferdam_watcher::sync::SyncError> {
    let options = SyncOptions {
        checks,
        ..SyncOptions::default()
    };
    sync(store, &source, ChainKind::Network, options, &Silent).await
}

/// What a ledger says: every coin, every spend, every block, and each list's state.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    rows: Vec<String>,
    states: Vec<String>,
}

impl Facts {
    fn parts(&self) -> (&[String], &[String]) {
        (&self.rows, &self.states)
    }
}

async fn facts(store: &Store, folder: &Path, lists: &[String]) -> Facts {
    let mut states = Vec::new();
    for list in lists {
        let shown = show::show(store, list).await.unwrap();
        states.push(format!("{:?}, final {}", shown.state, shown.r#final));
    }
    let all = database::rows(&folder.join("ledger.sqlite"), &["first_seen", "applied_at"]).await;
    let tables = [
        "coins: ",
        "blocks: ",
        "pool_",
        "coin_locks: ",
        "payout_",
        "transactions: ",
    ];
    let of_tables = |row: &String| {
        let is_stranger = row.starts_with("pool_unrelated");
        !is_stranger && tables.iter().any(|table| row.starts_with(table))
    };
    Facts {
        rows: all.into_iter().filter(of_tables).collect(),
        states,
    }
}

/// What was done.
#[derive(Debug, Default)]
struct Harm(Vec<String>);

/// Tells a lie to a copy of the treasury, and returns the harm it did.
fn tell(treasury: &Treasury, lie: &Lie, checks: Checks) -> Harm {
    let folder = tempfile::tempdir().unwrap();
    let chain = treasury.copy(folder.path());
    let path = folder.path().to_owned();
    let honest = treasury.copy_chain();
    let liar = Liar::new(chain);
    (lie.prepare)(treasury, &liar);
    let told = run(async {
        let store = treasury.open(&path).await;
        let before = facts(&store, &path, &treasury.lists).await;
        let source: Arc<dyn ChainSource> = Arc::new(liar.clone());
        // In a task, so that a panic is harm and not the end.
        let (task_store, list) = (store.clone(), treasury.lists[1].clone());
        let to = lie.told;
        let work = tokio::spawn(async move {
            if to == Told::Broadcast {
                let _ = broadcast::broadcast(&task_store, source.as_ref(), &list).await;
                return;
            }
            for _ in 0..2 {
                let _ = follow(&task_store, Arc::clone(&source), checks).await;
            }
        });
        let mut harm = Vec::new();
        if work.await.is_err() {
            harm.push(match liar.is_exhausted() {
                true => "work without bounds".to_owned(),
                false => "a panic".to_owned(),
            });
        }
        let after = facts(&store, &path, &treasury.lists).await;
        harm.extend(lies::differences(to, before.parts(), after.parts()));
        store.close().await;
        harm
    });
    let mut harm = told;
    harm.extend(again(treasury, &path));
    harm.extend(come_back(treasury, &path, &honest, lie.told));
    Harm(harm)
}

/// Tells whether a list that was handed over can be planned again: its id, whatever is accepted; or
/// its debt under another id, unless that is accepted.
fn again(treasury: &Treasury, folder: &Path) -> Option<String> {
    let plans = |arguments: &[String], more: &[&str]| {
        let mut command = std::process::Command::new(common::WATCHER);
        command
            .arg("--data")
            .arg(folder)
            .arg("--json")
            .args(arguments);
        common::run(command.args(more)).code == Some(0)
    };
    let accept = ["--again", "--accept", "payment-open"];
    if plans(&treasury.create_arguments("exported"), &accept) {
        return Some("a payout id is planned again".to_owned());
    }
    let other = treasury.list_arguments("other", "exported");
    plans(&other, &["--again"]).then(|| "a debt is planned again under another id".to_owned())
}

/// Syncs from an honest node, with one block more, and compares with a ledger that was never lied
/// to.
fn come_back(treasury: &Treasury, folder: &Path, honest: &Forged, told: Told) -> Option<String> {
    run(async {
        honest.pool_of(&[]);
        honest.mine(Vec::new());
        let store = treasury.open(folder).await;
        if let Err(error) = follow(&store, honest.source(), Checks::default()).await {
            store.close().await;
            return Some(format!("an honest node is refused: {error}"));
        }
        let ours = facts(&store, folder, &treasury.lists).await;
        store.close().await;
        let fresh = tempfile::tempdir().unwrap();
        drop(treasury.copy(fresh.path()));
        let store = treasury.open(fresh.path()).await;
        follow(&store, honest.source(), Checks::default())
            .await
            .unwrap();
        let theirs = facts(&store, fresh.path(), &treasury.lists).await;
        store.close().await;
        let different = lies::differences(told, theirs.parts(), ours.parts());
        different
            .first()
            .map(|first| format!("what was believed stays: {first}"))
    })
}

impl Treasury {
    fn copy_chain(&self) -> Forged {
        let copy = Forged::new(0);
        copy.state().blocks = self.chain.state().blocks.clone();
        copy
    }
}

#[test]
fn no_lie_does_harm_and_each_does_without_its_rule() {
    let treasury = Treasury::new();
    let lies = lies::all();
    let (mut harmful, mut toothless) = (Vec::new(), Vec::new());
    for lie in &lies {
        let Harm(harm) = tell(&treasury, lie, Checks::default());
        if !harm.is_empty() {
            harmful.push(format!("{}: {harm:?}", lie.name));
        }
        if lie.rules.is_empty() {
            println!("{}: no harm", lie.name);
            continue;
        }
        let Harm(harm) = tell(&treasury, lie, Checks::without(lie.rules));
        match harm.first() {
            Some(first) => println!("{}: no harm; without {:?}: {first}", lie.name, lie.rules),
            None => toothless.push(&lie.name),
        }
    }
    println!("{} kinds of lies, harm done: {}", lies.len(), harmful.len());
    assert!(harmful.is_empty(), "{harmful:#?}");
    assert!(
        toothless.is_empty(),
        "without its rule, no harm: {toothless:#?}"
    );
    assert!(lies.len() >= 40, "{}", lies.len());
}
