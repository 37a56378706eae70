//! Opening a ledger and answering an exact balance, as whole programs, against `bdk_wallet` with
//! its own file store on the same wallet and the same history, at two sizes a factor of four apart:
//! `cargo bench -p cofferdam-benches --bench ledger` (with `COFFERDAM_WATCHER` naming the release
//! binary; `-- COINS` for another size).
//!
//! Before anything is measured, balance, coins, spenders and history of the ledger are compared
//! with a plain recount. bdk runs once at each size, since it takes more than a minute at the
//! larger one.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bdk_file_store::Store as FileStore;
use bdk_wallet::bitcoin::constants::genesis_block;
use bdk_wallet::bitcoin::hashes::{Hash as _, sha256d};
use bdk_wallet::bitcoin::{BlockHash, Network};
use bdk_wallet::chain::{BlockId, CheckPoint, ConfirmationBlockTime, TxUpdate};
use bdk_wallet::{ChangeSet, KeychainKind, Update, Wallet as BdkWallet};
use cofferdam_benches::child;
use cofferdam_benches::treasury::recount::{Count, of_ledger};
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_core::ScriptType;
use cofferdam_testkit::measure::{HEAD, exponent, once, rows, side_by_side};

const MAGIC: &[u8] = b"cofferdam-bench";
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    if let [flag, store] = arguments.as_slice()
        && flag == "bdk-balance"
    {
        println!("{}", bdk_balance(Path::new(store))?);
        return Ok(());
    }
    let coins: u32 = arguments.first().map_or(Ok(100_000), |word| word.parse())?;
    let watcher = PathBuf::from(std::env::var("COFFERDAM_WATCHER").context("COFFERDAM_WATCHER")?);
    let this = std::env::current_exe()?;
    let mut memory = String::new();
    let mut medians: Vec<Vec<(String, f64)>> = Vec::new();
    print!("{HEAD}");
    for coins in [coins / 4, coins] {
        let folder = tempfile::TempDir::new()?;
        let treasury = draw(coins)?;
        let counted = prepare(&treasury, folder.path())?;
        let data = folder.path().display().to_string();
        let store = folder.path().join("bdk").display().to_string();
        let (mut ours, mut theirs) = (0.0_f64, 0.0_f64);
        let mut series = side_by_side(
            ROUNDS,
            &mut [("cofferdam", &mut || {
                let ran = child::run(
                    &watcher,
                    &["--data", &data, "--json", "balance", "--wallet", "main"],
                );
                let ran = ran.expect("the watcher answers");
                let said: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
                assert_eq!(said["confirmed"], counted.balance());
                ours = ours.max(ran.peak_mib);
                Some(ran.seconds)
            })],
        );
        series.push(once(("bdk_wallet, once", &mut || {
            let ran = child::run(&this, &["bdk-balance", &store]).expect("bdk loads");
            let said = String::from_utf8_lossy(&ran.stdout);
            assert_eq!(said.trim(), counted.balance().to_string());
            theirs = theirs.max(ran.peak_mib);
            Some(ran.seconds)
        })));
        let transactions = treasury.spec.transactions;
        let what = format!(
            "open, exact balance: {coins} scripts, {coins} coins, {transactions} transactions"
        );
        print!("{}", rows(&what, &series));
        medians.push(
            series
                .iter()
                .map(|one| (one.name.clone(), one.median()))
                .collect(),
        );
        for (who, peak) in [("cofferdam", ours), ("bdk_wallet", theirs)] {
            memory.push_str(&format!(
                "| {transactions} transactions, {coins} coins | {who} | {peak:.0} MiB |\n"
            ));
        }
        let of_coins = child::run(
            &watcher,
            &["--data", &data, "--json", "coins", "--wallet", "main"],
        )?;
        memory.push_str(&format!(
            "| listing {coins} coins: {:.0} ms | cofferdam | {:.0} MiB |\n",
            of_coins.seconds * 1e3,
            of_coins.peak_mib
        ));
    }
    print!("\n| growth, a factor of 4 | exponent |\n| --- | --- |\n");
    for ((who, less), (_, more)) in medians[0].iter().zip(&medians[1]) {
        println!("| {who} | {:.2} |", exponent(4.0, *less, *more));
    }
    print!("\n| peak memory of the process | who | |\n| --- | --- | --- |\n{memory}");
    Ok(())
}

fn draw(coins: u32) -> Result<Treasury> {
    eprintln!("drawing {coins} coins");
    Treasury::draw(Spec {
        seed: 5,
        script_type: ScriptType::Segwit,
        scripts: coins,
        coins,
        transactions: coins * 10,
        each_block: 100,
    })
}

/// Writes both ledgers, and checks ours against the recount.
fn prepare(treasury: &Treasury, folder: &Path) -> Result<Count> {
    eprintln!("writing ledgers");
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(ledger::write(treasury, folder))?;
    let said = runtime.block_on(of_ledger(&folder.join("ledger.sqlite")))?;
    let counted = Count::of(treasury);
    ensure!(
        said.balance.confirmed == counted.balance(),
        "the balance differs from the recount"
    );
    ensure!(
        said.count == counted,
        "coins or history differ from the recount"
    );
    bdk_store(treasury, &folder.join("bdk"))?;
    eprintln!("measuring");
    Ok(counted)
}

fn block(height: u32) -> BlockId {
    let hash = match height {
        0 => genesis_block(Network::Regtest).block_hash(),
        _ => BlockHash::from_raw_hash(sha256d::Hash::hash(&height.to_le_bytes())),
    };
    BlockId { height, hash }
}

/// Gives bdk the history as one update, and stores what it makes of it.
fn bdk_store(treasury: &Treasury, path: &Path) -> Result<()> {
    let text = treasury.wallet.descriptor().to_string();
    let plain = text.split('#').next().unwrap_or_default().to_owned();
    let mut wallet = BdkWallet::create_from_two_path_descriptor(plain)
        .network(Network::Regtest)
        .create_wallet_no_persist()?;
    let mut update = TxUpdate::<ConfirmationBlockTime>::default();
    for (height, transaction) in &treasury.history {
        let anchor = ConfirmationBlockTime {
            block_id: block(*height),
            confirmation_time: 1_600_000_000,
        };
        update.anchors.insert((anchor, transaction.compute_txid()));
        update.txs.push(Arc::new(transaction.clone()));
    }
    let chain = CheckPoint::from_block_ids((0..=treasury.tip()).map(block))
        .map_err(|_| anyhow::anyhow!("checkpoints"))?;
    let last = treasury.scripts[0].len() as u32 - 1;
    wallet
        .apply_update(Update {
            last_active_indices: BTreeMap::from([
                (KeychainKind::External, last),
                (KeychainKind::Internal, last),
            ]),
            tx_update: update,
            chain: Some(chain),
        })
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut store = FileStore::<ChangeSet>::create(MAGIC, path)?;
    store.append(&wallet.take_staged().context("a change")?)?;
    Ok(())
}

fn bdk_balance(path: &Path) -> Result<u64> {
    let (_, changes) =
        FileStore::<ChangeSet>::load(MAGIC, path).map_err(|error| anyhow::anyhow!("{error}"))?;
    let wallet = BdkWallet::load()
        .load_wallet_no_persist(changes.context("a wallet")?)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .context("a wallet")?;
    Ok(wallet.balance().confirmed.to_sat())
}
