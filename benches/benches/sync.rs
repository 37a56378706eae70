//! Syncing from a node: one wallet and a thousand wallets, against reading and parsing the same
//! blocks alone, in two lengths of chain a factor of four apart: `cargo bench -p cofferdam-benches
//! --bench sync` (`-- BLOCKS WALLETS` for other sizes).
//!
//! Each block pays the treasury ten times, and spends five of its coins, whose signatures a sync
//! verifies. At the end the ledgers' balances are compared with what the node's `scantxoutset`
//! finds.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bitcoin::absolute::LockTime;
use bitcoin::bip32::{ChildNumber, DerivationPath, Xpriv, Xpub};
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin::sighash::SighashCache;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Block, NetworkKind, OutPoint, ScriptBuf, Transaction, TxIn, TxOut};
use cofferdam_benches::blocks;
use cofferdam_benches::treasury::chance::Chance;
use cofferdam_benches::treasury::signed;
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_testkit::Bitcoind;
use cofferdam_testkit::measure::{self, HEAD, exponent, rows, side_by_side};
use cofferdam_watcher::chain::ChainSource;
use cofferdam_watcher::chain::core_rpc::CoreRpc;
use cofferdam_watcher::settings::{ChainKind, Credentials, NodeSettings};
use cofferdam_watcher::store::balances;
use cofferdam_watcher::store::{Store, wallets as records};
use cofferdam_watcher::sync::checks::{Checks, Rule};
use cofferdam_watcher::sync::fetch::Fetch;
use cofferdam_watcher::sync::filters::{self, MOST_SCRIPTS, NEWEST_READ_WHOLE, Needle};
use cofferdam_watcher::sync::header_chain::HeaderChain;
use cofferdam_watcher::sync::link::Link;
use cofferdam_watcher::sync::progress::Silent;
use cofferdam_watcher::sync::watch::Watch;
use cofferdam_watcher::sync::{SyncOptions, SyncReport};
use cofferdam_watcher::{addresses, sync, wallets};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ROUNDS: usize = 7;
/// On each of the two branches: 1,000 scripts a wallet, and those of the addresses that are handed
/// out.
const GAP: u32 = 500;
/// Payments to the treasury in a block.
const PAID: usize = 10;
/// What a transaction of ours pays to others, in satoshis, its fee included.
const SPENT: u64 = 6_000;
const FEE: u64 = 1_000;
/// One payment in so many blocks is the old wallet's.
const OLD_EVERY: u32 = 20;
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
        (4..=EMPTY).contains(&full) && count > 1,
        "4 to {EMPTY} blocks, 2 or more wallets"
    );
    let runtime = Runtime::new()?;
    let folder = tempfile::TempDir::new()?;
    let wallets = draw_wallets(count + 1)?;
    let (old, wallets) = wallets.split_last().context("no wallets")?;
    eprintln!("importing {count} wallets");
    let began = Instant::now();
    let scene = Scene {
        runtime,
        node: Bitcoind::start_with(&["-blockfilterindex=1"])?,
        copy: folder.path().join("round.sqlite"),
    };
    let one = scene.prepare(folder.path().join("one.sqlite"), &wallets[..1])?;
    let many = scene.prepare(folder.path().join("many.sqlite"), wallets)?;
    let importing = began.elapsed().as_secs_f64();
    let ancient = scene.prepare(folder.path().join("old.sqlite"), std::slice::from_ref(old))?;
    let source = scene.connect()?;
    scene.node.mine(EMPTY)?;
    let mut miner = Miner::new(&scene.node, wallets, old)?;
    let mut medians = Vec::new();
    print!("{HEAD}");
    for length in [full / 4, full] {
        eprintln!("mining {length} blocks");
        let last = miner.mine_up_to(length)?;
        let series = side_by_side(
            ROUNDS,
            &mut [
                ("cofferdam, 1 wallet", &mut || {
                    Some(scene.every_block(&one, &source, last))
                }),
                (&format!("cofferdam, {count} wallets"), &mut || {
                    Some(scene.every_block(&many, &source, last))
                }),
                ("reading and parsing alone", &mut || {
                    let read = scene.runtime.block_on(read_alone(&source, last));
                    assert_eq!(read.expect("the node answers"), last + 1);
                    None
                }),
            ],
        );
        print!("{}", rows(&format!("sync: {length} full blocks"), &series));
        medians.push((length, series));
    }
    print!(
        "\n| who | ms a full block | against 1 wallet | blocks a second, against reading alone | exponent, a factor of 4 in blocks |\n\
         | --- | --- | --- | --- | --- |\n"
    );
    let ((less, small), (more, large)) = (&medians[0], &medians[1]);
    // What each further block costs: what a sync costs once is left out, and said below.
    let each = |who: usize| (large[who].median() - small[who].median()) / f64::from(more - less);
    for (who, series) in large.iter().enumerate() {
        println!(
            "| {} | {:.1} | {:.2} | {:.2} | {:.2} |",
            series.name,
            each(who) * 1e3,
            each(who) / each(0),
            each(2) / each(who),
            exponent(
                f64::from(*more) / f64::from(*less),
                small[who].median(),
                series.median()
            )
        );
    }
    scene.load(&many, wallets)?;
    println!("\nImporting {count} wallets took {importing:.1} s, once.");
    for (ledger, wallets) in [(&one, &wallets[..1]), (&many, wallets)] {
        measure::forget_peak()?;
        scene.every_block(ledger, &source, EMPTY + full);
        let peak = measure::peak_memory()?;
        scene.agree(wallets)?;
        println!(
            "A sync of {} wallets had {peak:.0} MiB resident at most.",
            wallets.len()
        );
    }
    let ours = scene.total()?;
    assert_eq!(
        ours,
        miner.paid - miner.paid_old,
        "balance against what was paid"
    );
    first_sync(&scene, &ancient, &source, old, EMPTY + full, miner.paid_old)?;
    scene.most_scripts(&source, EMPTY + full)
}

/// The first sync of a wallet that was paid now and then, long ago.
fn first_sync(
    scene: &Scene,
    ledger: &Path,
    source: &Arc<dyn ChainSource>,
    wallet: &Wallet,
    last: u32,
    paid: u64,
) -> Result<()> {
    // Until the payments are older than what is read whole in any case.
    scene.node.mine(NEWEST_READ_WHOLE)?;
    let last = last + NEWEST_READ_WHOLE;
    let index = || scene.node.rpc("getindexinfo", json!([]));
    while index()?["basic block filter index"]["synced"] != true {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let every_block = SyncOptions {
        every_block: true,
        ..SyncOptions::default()
    };
    let mut skipped = 0;
    let objects = Value::from(descriptors(std::slice::from_ref(wallet)));
    let mut found = 0;
    let series = side_by_side(
        ROUNDS,
        &mut [
            ("cofferdam, by filters", &mut || {
                let (seconds, report) = scene.sync(ledger, source, last, SyncOptions::default());
                skipped = report.skipped;
                Some(seconds)
            }),
            ("cofferdam, every block", &mut || {
                Some(scene.sync(ledger, source, last, every_block).0)
            }),
            (
                "Bitcoin Core's `scanblocks`, which only names the blocks",
                &mut || {
                    let scanned = scene.node.rpc("scanblocks", json!(["start", objects, 0]));
                    let scanned = scanned.expect("filters");
                    found = scanned["relevant_blocks"].as_array().map_or(0, Vec::len);
                    None
                },
            ),
        ],
    );
    print!("\n{HEAD}{}", rows("first sync of an old wallet", &series));
    scene.sync(ledger, source, last, SyncOptions::default());
    scene.agree(std::slice::from_ref(wallet))?;
    assert_eq!(scene.total()?, paid, "balance against what was paid");
    println!(
        "\nOf {} blocks, {skipped} were not read; `scanblocks` names {found}; the newest {NEWEST_READ_WHOLE} are read whole in any case.",
        last + 1
    );
    Ok(())
}

struct Scene {
    runtime: Runtime,
    node: Bitcoind,
    copy: PathBuf,
}

impl Scene {
    /// Makes a ledger that was never synced. Its first addresses are handed out, so that none of
    /// the payments adds scripts.
    fn prepare(&self, path: PathBuf, all: &[Wallet]) -> Result<PathBuf> {
        self.runtime.block_on(async {
            let store = Store::open(&path).await?;
            for wallet in all {
                let record = wallets::import(&store, wallet.clone(), Some(GAP))
                    .await?
                    .record;
                let mut write = store.write().await?;
                addresses::note_used(&mut write, &record, Branch::Receive, USED - 1).await?;
                write.commit().await?;
            }
            store.close().await;
            anyhow::Ok(())
        })?;
        Ok(path)
    }

    fn connect(&self) -> Result<Arc<dyn ChainSource>> {
        Ok(Arc::new(CoreRpc::connect(&NodeSettings {
            rpc_url: self.node.rpc_url(),
            credentials: Credentials::Cookie {
                rpc_cookie: self.node.cookie_file(),
            },
        })?))
    }

    fn every_block(&self, ledger: &Path, source: &Arc<dyn ChainSource>, last: u32) -> f64 {
        let options = SyncOptions {
            every_block: true,
            ..SyncOptions::default()
        };
        self.sync(ledger, source, last, options).0
    }

    /// Syncs a copy of a ledger, and returns the seconds that the sync took.
    fn sync(
        &self,
        ledger: &Path,
        source: &Arc<dyn ChainSource>,
        last: u32,
        options: SyncOptions,
    ) -> (f64, SyncReport) {
        for end in ["-wal", "-shm"] {
            let mut beside = self.copy.as_os_str().to_owned();
            beside.push(end);
            let _ = std::fs::remove_file(PathBuf::from(beside));
        }
        std::fs::copy(ledger, &self.copy).expect("the ledger is copied");
        self.runtime.block_on(async {
            let store = Store::open(&self.copy).await.expect("the ledger opens");
            let began = Instant::now();
            let progress = Silent;
            let report = sync::sync(&store, source, ChainKind::Network, options, &progress).await;
            let seconds = began.elapsed().as_secs_f64();
            let report = report.expect("the ledger syncs");
            assert_eq!((report.height, report.blocks), (last, last + 1));
            store.close().await;
            (seconds, report)
        })
    }

    /// Says what loading the scripts costs, which each sync does once.
    fn load(&self, ledger: &Path, wallets: &[Wallet]) -> Result<()> {
        self.runtime.block_on(async {
            let store = Store::open(ledger).await?;
            measure::forget_peak()?;
            let before = measure::peak_memory()?;
            let began = Instant::now();
            let watch = Watch::load(&store).await?;
            let seconds = began.elapsed().as_secs_f64();
            let scripts = watch.covered_in_ledger();
            assert_eq!(scripts, i64::from(GAP * 2 + USED) * wallets.len() as i64);
            println!(
                "\nOnce a sync: loading {scripts} scripts to look for, {seconds:.2} s, {:.0} MiB more at the peak.",
                measure::peak_memory()? - before
            );
            store.close().await;
            Ok(())
        })
    }

    /// Says what the filter of a full block costs with as many scripts as are looked for in filters
    /// at all.
    fn most_scripts(&self, source: &Arc<dyn ChainSource>, height: u32) -> Result<()> {
        let mut chance = Chance::new(8);
        let needles: Vec<Needle> = (0..MOST_SCRIPTS)
            .map(|_| [&[0, 20][..], &chance.bytes()[..20]].concat().into())
            .collect();
        let series = self.runtime.block_on(async {
            let hash = source.block_hashes(height, 1).await?[0];
            let filter = source
                .filters(&[hash])
                .await?
                .context("no filters")?
                .remove(0);
            anyhow::Ok(side_by_side(
                ROUNDS,
                &mut [("looking", &mut || {
                    let began = Instant::now();
                    let found = filters::matches(&filter, &hash, &needles).expect("a filter");
                    std::hint::black_box(found);
                    Some(began.elapsed().as_secs_f64())
                })],
            ))
        })?;
        println!(
            "\nWith more than {MOST_SCRIPTS} scripts, blocks are read instead: looking for as many in the filter of a full block takes {:.1} ms of one core.",
            series[0].median() * 1e3
        );
        Ok(())
    }

    /// The confirmed balances of all wallets together, of the ledger synced last.
    fn total(&self) -> Result<u64> {
        self.runtime.block_on(async {
            let store = Store::open(&self.copy).await?;
            let mut view = store.read().await?;
            let mut sum = 0;
            for record in records::all(&mut view).await? {
                sum += balances::balance(&mut view, record.no).await?.confirmed;
            }
            drop(view);
            store.close().await;
            Ok(sum)
        })
    }

    /// Compares the ledger synced last with what the node finds in its coins.
    fn agree(&self, wallets: &[Wallet]) -> Result<()> {
        let found = self
            .node
            .rpc("scantxoutset", json!(["start", descriptors(wallets)]))?;
        let bitcoin = found["total_amount"].as_f64().context("no total")?;
        let (ours, theirs) = (self.total()?, Amount::from_btc(bitcoin)?.to_sat());
        assert_eq!(ours, theirs, "balance against scantxoutset");
        println!(
            "\n{} wallets hold {ours} sat, as `scantxoutset` says.",
            wallets.len()
        );
        Ok(())
    }
}

fn descriptors(wallets: &[Wallet]) -> Vec<Value> {
    wallets
        .iter()
        .flat_map(|wallet| Branch::ALL.map(|branch| wallet.branch_descriptor_text(branch)))
        .map(|descriptor| json!({"desc": descriptor, "range": [0, USED * 2]}))
        .collect()
}

fn master() -> Result<Xpriv> {
    Ok(Xpriv::new_master(
        NetworkKind::Test,
        &Chance::new(5).bytes(),
    )?)
}

/// Wallets of the accounts 0, 1, ... of one seed.
fn draw_wallets(count: u32) -> Result<Vec<Wallet>> {
    let secp = Secp256k1::new();
    let master = master()?;
    let fingerprint = master.fingerprint(&secp);
    (0..count)
        .map(|account| {
            let path: DerivationPath = format!("84h/1h/{account}h").parse()?;
            let xpub = Xpub::from_priv(&secp, &master.derive_priv(&secp, &path)?);
            let descriptor =
                format!("wpkh([{fingerprint}/{path:#}]{xpub}/<0;1>/*)").replace('\'', "h");
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

/// Reads all blocks as a sync does, as many ahead, and returns how many they are.
async fn read_alone(source: &Arc<dyn ChainSource>, last: u32) -> Result<u32> {
    let hashes = source.block_hashes(0, last + 1).await?;
    let links = hashes.into_iter().map(|hash| Link { hash, time: 0 });
    let chain = Arc::new(HeaderChain::unchecked(0, links));
    let mut fetch =
        Fetch::new(Arc::clone(source) as _, chain, 0, last).held_to(Checks::without(&Rule::ALL));
    let mut read = 0;
    while let Some((_, block)) = fetch.next().await? {
        std::hint::black_box(block);
        read += 1;
    }
    Ok(read)
}

/// Makes the chain longer by full blocks, half of whose payments to us are the first wallet's.
/// These it spends in the next block, signed.
struct Miner<'a> {
    node: &'a Bitcoind,
    secp: Secp256k1<All>,
    /// The first wallet's receive branch.
    keys: Xpriv,
    /// What the last block paid the first wallet, with the index of each key.
    unspent: Vec<(OutPoint, u32)>,
    scripts: Vec<Vec<ScriptBuf>>,
    old: Vec<ScriptBuf>,
    chance: Chance,
    done: u32,
    /// What was paid to all wallets and is not spent.
    paid: u64,
    /// Of it, what the old wallet was paid.
    paid_old: u64,
    parent: bitcoin::block::Header,
}

impl<'a> Miner<'a> {
    fn new(node: &'a Bitcoind, wallets: &[Wallet], old: &Wallet) -> Result<Self> {
        let scripts = wallets
            .iter()
            .map(|wallet| wallet.scripts(Branch::Receive, 0..USED));
        let secp = Secp256k1::new();
        let path: DerivationPath = "84h/1h/0h/0".parse()?;
        Ok(Miner {
            node,
            keys: master()?.derive_priv(&secp, &path)?,
            secp,
            unspent: Vec::new(),
            scripts: scripts.collect::<Result<_, _>>()?,
            old: old.scripts(Branch::Receive, 0..USED)?,
            chance: Chance::new(6),
            done: 0,
            paid: 0,
            paid_old: 0,
            parent: block_at(node, EMPTY)?.header,
        })
    }

    /// Returns the height of the tip, below which there are `full` full blocks.
    fn mine_up_to(&mut self, full: u32) -> Result<u32> {
        while self.done < full {
            self.done += 1;
            let reward = block_at(self.node, self.done)?.txdata.swap_remove(0);
            let spent = (
                OutPoint::new(reward.compute_txid(), 0),
                reward.output[0].value,
            );
            let spends = self.spends()?;
            if spends.is_some() {
                self.paid -= SPENT;
            }
            let mut ours: Vec<ScriptBuf> = (0..PAID)
                .map(|number| self.script(number % 2 == 0))
                .collect();
            if self.done.is_multiple_of(OLD_EVERY) {
                ours[0] = self.old[(self.done / OLD_EVERY % USED) as usize].clone();
                self.paid_old += blocks::PAID;
            }
            let block = blocks::full(
                &self.parent,
                EMPTY + self.done,
                spent,
                &ours,
                spends.into_iter().collect(),
                &mut self.chance,
            );
            self.unspent = self.paid_to_first(&block);
            let refused = self
                .node
                .rpc("submitblock", json!([serialize_hex(&block)]))?;
            ensure!(refused.is_null(), "submitblock: {refused}");
            self.paid += PAID as u64 * blocks::PAID;
            self.parent = block.header;
        }
        Ok(EMPTY + full)
    }

    /// Spends what the last block paid the first wallet, in one transaction with change of the
    /// first index.
    fn spends(&self) -> Result<Option<Transaction>> {
        if self.unspent.is_empty() {
            return Ok(None);
        }
        let input = self.unspent.iter().map(|(coin, _)| TxIn {
            previous_output: *coin,
            ..TxIn::default()
        });
        let given = blocks::PAID * self.unspent.len() as u64;
        let output = |sat: u64, script_pubkey| TxOut {
            value: Amount::from_sat(sat),
            script_pubkey,
        };
        let mut transaction = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: input.collect(),
            output: vec![
                output(SPENT - FEE, blocks::anybody()),
                output(given - SPENT, self.scripts[0][0].clone()),
            ],
        };
        let mut cache = SighashCache::new(transaction.clone());
        for (at, (_, index)) in self.unspent.iter().enumerate() {
            let key = self
                .keys
                .derive_priv(&self.secp, &[ChildNumber::from_normal_idx(*index)?])?
                .private_key;
            let coin = output(blocks::PAID, self.scripts[0][*index as usize].clone());
            transaction.input[at].witness =
                signed::witness(&self.secp, &mut cache, at, &coin, &key)?;
        }
        Ok(Some(transaction))
    }

    /// Returns what the payments of a block, without change, pay the first wallet.
    fn paid_to_first(&self, block: &Block) -> Vec<(OutPoint, u32)> {
        let payments = block.txdata.iter().skip(1).take(blocks::FILL);
        let ours = payments.filter_map(|transaction| {
            let script = &transaction.output[0].script_pubkey;
            let index = (0..)
                .zip(&self.scripts[0])
                .find(|(_, ours)| *ours == script)?
                .0;
            Some((OutPoint::new(transaction.compute_txid(), 0), index))
        });
        ours.collect()
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
