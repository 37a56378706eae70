//! Syncing from a node: one wallet and a thousand wallets, against reading and parsing the same blocks alone, in two lengths of chain a
//! factor of four apart: `cargo bench -p cofferdam-benches --bench sync` (`-- BLOCKS WALLETS` for other sizes).
//!
//! At the end the ledgers' balances are compared with what the node's `scantxoutset` finds.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, Block, NetworkKind, OutPoint, ScriptBuf};
use cofferdam_benches::blocks;
use cofferdam_benches::treasury::chance::Chance;
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_testkit::Bitcoind;
use cofferdam_testkit::measure::{self, HEAD, exponent, rows, side_by_side};
use cofferdam_watcher::chain::ChainSource;
use cofferdam_watcher::chain::core_rpc::CoreRpc;
use cofferdam_watcher::settings::{ChainKind, Credentials, NodeSettings};
use cofferdam_watcher::store::{Store, wallets as records};
use cofferdam_watcher::sync::fetch::Fetch;
use cofferdam_watcher::sync::progress::Progress;
use cofferdam_watcher::sync::watch::Watch;
use cofferdam_watcher::{balance, sync, wallets};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ROUNDS: usize = 3;
/// On each of the two branches: 1,000 scripts a wallet.
const GAP: u32 = 500;
/// Payments to the treasury in a block.
const PAID: usize = 10;
/// Payments go to indices below this one.
const USED: u32 = 20;
/// Empty blocks, whose rewards are spent by the full ones: a reward can be spent 100 blocks later.
const EMPTY: u32 = 100;

fn main() -> Result<()> {
    let arguments: Vec<u32> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .map(|word| word.parse())
        .collect::<Result<_, _>>()?;
    let full = arguments.first().copied().unwrap_or(100);
    let count = arguments.get(1).copied().unwrap_or(1_000);
    ensure!(
        (4..=EMPTY).contains(&full) && count > 0,
        "4 to {EMPTY} blocks, 1 or more wallets"
    );
    let runtime = Runtime::new()?;
    let folder = tempfile::TempDir::new()?;
    let wallets = draw_wallets(count)?;
    eprintln!("importing {count} wallets");
    let began = Instant::now();
    let one = prepare(&runtime, folder.path().join("one.sqlite"), &wallets[..1])?;
    let many = prepare(&runtime, folder.path().join("many.sqlite"), &wallets)?;
    let importing = began.elapsed().as_secs_f64();
    let node = Bitcoind::start_with(&[])?;
    let source = connect(&node)?;
    node.mine(EMPTY)?;
    let mut miner = Miner::new(&node, &wallets)?;
    let mut medians = Vec::new();
    print!("{HEAD}");
    for length in [full / 4, full] {
        eprintln!("mining {length} blocks");
        let last = miner.mine_up_to(length)?;
        let round = folder.path().join("round.sqlite");
        let series = side_by_side(
            ROUNDS,
            &mut [
                ("cofferdam, 1 wallet", &mut || {
                    Some(run(&runtime, &one, &round, &source, last))
                }),
                (&format!("cofferdam, {count} wallets"), &mut || {
                    Some(run(&runtime, &many, &round, &source, last))
                }),
                ("reading and parsing alone", &mut || {
                    let read = runtime.block_on(read_alone(&source, last));
                    assert_eq!(read.expect("the node answers"), last + 1);
                    None
                }),
            ],
        );
        print!("{}", rows(&format!("sync: {length} full blocks"), &series));
        medians.push((length, series));
    }
    print!("\n| who | ms a full block | exponent, a factor of 4 in blocks |\n| --- | --- | --- |\n");
    let ((less, small), (more, large)) = (&medians[0], &medians[1]);
    for (small, large) in small.iter().zip(large) {
        println!(
            "| {} | {:.1} | {:.2} |",
            large.name,
            large.median() * 1e3 / f64::from(*more),
            exponent(
                f64::from(*more) / f64::from(*less),
                small.median(),
                large.median()
            )
        );
    }
    load(&runtime, &many, count)?;
    println!("\nImporting the wallets took {importing:.1} s, once.");
    let round = folder.path().join("round.sqlite");
    for (ledger, wallets) in [(&one, &wallets[..1]), (&many, &wallets[..])] {
        run(&runtime, ledger, &round, &source, EMPTY + full);
        let ours = runtime.block_on(total(&round))?;
        let theirs = scan(&node, wallets)?;
        assert_eq!(ours, theirs, "balance against scantxoutset");
        println!(
            "{} wallets hold {ours} sat, as `scantxoutset` says.",
            wallets.len()
        );
    }
    assert_eq!(
        runtime.block_on(total(&round))?,
        miner.paid,
        "balance against what was paid"
    );
    Ok(())
}

/// Wallets of the accounts 0, 1, ... of one seed.
fn draw_wallets(count: u32) -> Result<Vec<Wallet>> {
    let secp = Secp256k1::new();
    let master = Xpriv::new_master(NetworkKind::Test, &Chance::new(5).bytes())?;
    let fingerprint = master.fingerprint(&secp);
    (0..count)
        .map(|account| {
            let path: DerivationPath = format!("84h/1h/{account}h").parse()?;
            let xpub = Xpub::from_priv(&secp, &master.derive_priv(&secp, &path)?);
            let descriptor = format!("wpkh([{fingerprint}/{path:#}]{xpub}/<0;1>/*)").replace('\'', "h");
            let name = format!("w{account}").parse()?;
            Ok(Wallet::from_descriptor(
                &descriptor,
                name,
                Network::Regtest,
                None,
            )?)
        })
        .collect()
}

/// Makes a ledger that was never synced.
fn prepare(runtime: &Runtime, path: PathBuf, all: &[Wallet]) -> Result<PathBuf> {
    runtime.block_on(async {
        let store = Store::open(&path).await?;
        for wallet in all {
            wallets::import(&store, wallet.clone(), Some(GAP)).await?;
        }
        store.close().await;
        anyhow::Ok(())
    })?;
    Ok(path)
}

fn connect(node: &Bitcoind) -> Result<Arc<dyn ChainSource>> {
    Ok(Arc::new(CoreRpc::connect(&NodeSettings {
        rpc_url: node.rpc_url(),
        credentials: Credentials::Cookie {
            rpc_cookie: node.cookie_file(),
        },
    })?))
}

/// Syncs a copy of a ledger, and returns the seconds that the sync took.
fn run(runtime: &Runtime, ledger: &Path, copy: &Path, source: &Arc<dyn ChainSource>, last: u32) -> f64 {
    for end in ["-wal", "-shm"] {
        let mut beside = copy.as_os_str().to_owned();
        beside.push(end);
        let _ = std::fs::remove_file(PathBuf::from(beside));
    }
    std::fs::copy(ledger, copy).expect("the ledger is copied");
    runtime.block_on(async {
        let store = Store::open(copy).await.expect("the ledger opens");
        let began = Instant::now();
        let progress = Progress::new(false);
        let report = sync::sync(&store, source, ChainKind::Network, false, &progress).await;
        let seconds = began.elapsed().as_secs_f64();
        let report = report.expect("the ledger syncs");
        assert_eq!((report.height, report.blocks), (last, last + 1));
        store.close().await;
        seconds
    })
}

/// Reads all blocks as a sync does, as many ahead, and returns how many they are.
async fn read_alone(source: &Arc<dyn ChainSource>, last: u32) -> Result<u32> {
    let mut fetch = Fetch::new(Arc::clone(source), 0, last);
    let mut read = 0;
    while let Some((_, block)) = fetch.next().await? {
        std::hint::black_box(block);
        read += 1;
    }
    Ok(read)
}

/// Says what loading the scripts costs, which each sync does once.
fn load(runtime: &Runtime, ledger: &Path, count: u32) -> Result<()> {
    runtime.block_on(async {
        let store = Store::open(ledger).await?;
        measure::forget_peak()?;
        let before = measure::peak_memory()?;
        let began = Instant::now();
        let watch = Watch::load(&store).await?;
        let seconds = began.elapsed().as_secs_f64();
        let scripts = watch.covered_in_ledger();
        assert_eq!(scripts, i64::from(count * GAP * 2));
        println!(
            "\nLoading {scripts} scripts to look for: {seconds:.2} s, {:.0} MiB more at the peak.",
            measure::peak_memory()? - before
        );
        store.close().await;
        Ok(())
    })
}

/// The confirmed balances of all wallets together.
async fn total(ledger: &Path) -> Result<u64> {
    let store = Store::open(ledger).await?;
    let mut view = store.read().await?;
    let mut sum = 0;
    for record in records::all(&mut view).await? {
        sum += balance::balance(&mut view, record.no).await?.confirmed;
    }
    drop(view);
    store.close().await;
    Ok(sum)
}

/// What the node finds in its coins, in satoshis.
fn scan(node: &Bitcoind, wallets: &[Wallet]) -> Result<u64> {
    let objects: Vec<Value> = wallets
        .iter()
        .flat_map(|wallet| Branch::ALL.map(|branch| wallet.branch_descriptor_text(branch)))
        .map(|descriptor| json!({"desc": descriptor, "range": [0, USED * 2]}))
        .collect();
    let found = node.rpc("scantxoutset", json!(["start", objects]))?;
    let bitcoin = found["total_amount"].as_f64().context("no total")?;
    Ok(Amount::from_btc(bitcoin)?.to_sat())
}

/// Makes the chain longer by full blocks, half of whose payments to us are the first wallet's.
struct Miner<'a> {
    node: &'a Bitcoind,
    scripts: Vec<Vec<ScriptBuf>>,
    chance: Chance,
    done: u32,
    paid: u64,
    parent: bitcoin::block::Header,
}

impl<'a> Miner<'a> {
    fn new(node: &'a Bitcoind, wallets: &[Wallet]) -> Result<Self> {
        let scripts = wallets
            .iter()
            .map(|wallet| wallet.scripts(Branch::Receive, 0..USED));
        Ok(Miner {
            node,
            scripts: scripts.collect::<Result<_, _>>()?,
            chance: Chance::new(6),
            done: 0,
            paid: 0,
            parent: block_at(node, EMPTY)?.header,
        })
    }

    /// Returns the height of the tip, below which there are `full` full blocks.
    fn mine_up_to(&mut self, full: u32) -> Result<u32> {
        while self.done < full {
            self.done += 1;
            let reward = block_at(self.node, self.done)?.txdata.swap_remove(0);
            let spent = (OutPoint::new(reward.compute_txid(), 0), reward.output[0].value);
            let ours: Vec<ScriptBuf> = (0..PAID).map(|number| self.script(number % 2 == 0)).collect();
            let block = blocks::full(&self.parent, EMPTY + self.done, spent, &ours, &mut self.chance);
            let refused = self.node.rpc("submitblock", json!([serialize_hex(&block)]))?;
            ensure!(refused.is_null(), "submitblock: {refused}");
            self.paid += PAID as u64 * blocks::PAID;
            self.parent = block.header;
        }
        Ok(EMPTY + full)
    }

    fn script(&mut self, first: bool) -> ScriptBuf {
        let drawn = self.chance.below(self.scripts.len() as u64) as usize;
        let wallet = if first { 0 } else { drawn };
        let index = self.chance.below(u64::from(USED)) as usize;
        self.scripts[wallet][index].clone()
    }
}

fn block_at(node: &Bitcoind, height: u32) -> Result<Block> {
    let hash = node.rpc("getblockhash", json!([height]))?;
    let block = node.rpc("getblock", json!([hash, 0]))?;
    Ok(deserialize_hex(block.as_str().context("no block")?)?)
}
