//! `kill -9` at ten random moments of a large sync, and of a large plan: the ledger continues, and
//! ends equal, row for row, to one that was left alone.
//!
//! `COFFERDAM_KILLS=full` takes the sizes of a large treasury; `COFFERDAM_KILLS_SEED` draws the
//! moments as another run did.

#![allow(clippy::print_stdout, reason = "tests say where they killed")]

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the watcher's tests use the rest"
)]
#[path = "../../watcher/tests/common/database.rs"]
mod database;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the watcher's tests use the rest"
)]
#[path = "../../watcher/tests/common/node.rs"]
mod node;

use std::collections::{BTreeSet, HashMap};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::constants::genesis_block;
use bitcoin::{Amount, Block, BlockHash};
use cofferdam_benches::payouts;
use cofferdam_benches::treasury::chance::Chance;
use cofferdam_benches::treasury::{Spec, Treasury, blocks, ledger, signed};
use cofferdam_core::ScriptType;
use cofferdam_testkit::Watcher;
use cofferdam_watcher::chain::rehearsal::mine::assemble;
use cofferdam_watcher::chain::rehearsal::rules::{Parent, median_time};
use node::{Answer, FakeNode};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

const KILLS: u32 = 10;
const SIGKILL: i32 = 9;
const HEADER_BYTES: usize = 80;
/// What tells the time, or is drawn at random beside the seed of a plan.
const NOT_COMPARED: [&str; 5] = [
    "imported_at",
    "applied_at",
    "created_at",
    "first_seen",
    "list_id",
];

fn is_full() -> bool {
    std::env::var("COFFERDAM_KILLS").is_ok_and(|size| size == "full")
}

fn chance(what: &str) -> Chance {
    let drawn = SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |now| now.subsec_nanos().into());
    let seed =
        std::env::var("COFFERDAM_KILLS_SEED").map_or(drawn, |seed| seed.parse().expect("a number"));
    println!("{what}: COFFERDAM_KILLS_SEED={seed}");
    Chance::new(seed)
}

/// A data folder that can be begun anew.
struct Desk {
    folder: TempDir,
    watcher: Watcher,
    arguments: Vec<String>,
}

impl Desk {
    /// `made` is a data folder that is not used any more.
    fn new(made: &Path, arguments: &[String]) -> Result<Self> {
        let folder = TempDir::new()?;
        let desk = Desk {
            watcher: Watcher::new(folder.path()),
            folder,
            arguments: arguments.to_vec(),
        };
        desk.begin_anew(made)?;
        Ok(desk)
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    fn begin_anew(&self, made: &Path) -> Result<()> {
        for entry in std::fs::read_dir(self.folder.path())? {
            std::fs::remove_file(entry?.path())?;
        }
        database::copy(&made.join("ledger.sqlite"), &self.ledger());
        Ok(())
    }

    /// Runs the command to its end, and returns its document with the time that it took.
    fn run(&self) -> Result<(Value, Duration)> {
        let began = Instant::now();
        let document = self.watcher.run(&self.arguments)?.json()?;
        Ok((document, began.elapsed()))
    }

    /// Runs the command and kills it after a time; returns how long it took where it had ended by
    /// itself before.
    fn kill(&self, after: Duration) -> Result<Option<Duration>> {
        let mut process = self
            .watcher
            .command(&self.arguments)?
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let began = Instant::now();
        while began.elapsed() < after && process.try_wait()?.is_none() {
            std::thread::sleep(Duration::from_millis(1).min(after.saturating_sub(began.elapsed())));
        }
        let took = began.elapsed();
        process.kill()?;
        let status = process.wait()?;
        // A process that dies of anything else, such as SIGABRT, was not killed by us.
        match (status.code(), status.signal()) {
            (None, Some(SIGKILL)) => Ok(None),
            (Some(0), None) => Ok(Some(took)),
            _ => bail!("the command failed by itself: {status}"),
        }
    }

    fn rows(&self) -> Result<Vec<String>> {
        Ok(runtime()?.block_on(database::rows(&self.ledger(), &NOT_COMPARED)))
    }

    /// Returns the next block to search; `None` when no search has begun.
    fn place(&self) -> Result<Option<u32>> {
        runtime()?.block_on(async {
            let options = SqliteConnectOptions::new().filename(self.ledger());
            let mut db = SqliteConnection::connect_with(&options).await?;
            let sql = "SELECT next_height FROM wallets";
            let place = sqlx::query_scalar(sql).fetch_one(&mut db).await?;
            db.close().await?;
            Ok(place)
        })
    }
}

fn moment(chance: &mut Chance, whole: Duration) -> Duration {
    Duration::from_micros(chance.below(whole.as_micros() as u64))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

#[track_caller]
fn assert_same(ours: &[String], theirs: &[String]) {
    database::assert_same(ours, theirs, "after kills");
}

/// Serves blocks by the few calls that a sync makes.
fn serve(blocks: &[Block]) -> FakeNode {
    let hashes: Vec<BlockHash> = blocks.iter().map(Block::block_hash).collect();
    let by_hash: HashMap<String, Value> = blocks
        .iter()
        .map(|block| (block.block_hash().to_string(), json!(serialize_hex(block))))
        .collect();
    FakeNode::ready(move |method, parameters| {
        Some(match method {
            "getblockchaininfo" => Answer::result(json!({
                "chain": "regtest", "blocks": hashes.len() - 1, "headers": hashes.len() - 1,
                "bestblockhash": hashes.last(), "initialblockdownload": false, "pruned": false
            })),
            "getblockhash" => match hashes.get(parameters[0].as_u64()? as usize) {
                Some(hash) => Answer::result(json!(hash)),
                None => Answer::error(-8, "Block height out of range"),
            },
            "getblock" => Answer::result(by_hash.get(parameters[0].as_str()?)?.clone()),
            "getblockheader" => {
                let block = by_hash.get(parameters[0].as_str()?)?.as_str()?;
                Answer::result(json!(block[..2 * HEADER_BYTES]))
            }
            _ => return None,
        })
    })
}

/// A treasury's history as a chain: on regtest's first block, with work, each block with a coinbase
/// in front.
fn chain(treasury: &Treasury) -> Result<Vec<Block>> {
    let mut chain = vec![genesis_block(bitcoin::Network::Regtest)];
    for (height, block) in blocks(treasury) {
        let recent = chain.iter().rev().take(11);
        let mut times: Vec<u32> = recent.map(|block| block.header.time).collect();
        let parent = Parent {
            hash: chain[chain.len() - 1].block_hash(),
            height: height - 1,
            median_time: median_time(&mut times),
        };
        chain.push(assemble(
            parent,
            block.txdata,
            Amount::ZERO,
            block.header.time,
        )?);
        assert_eq!(height as usize, chain.len() - 1);
    }
    Ok(chain)
}

#[test]
fn a_large_sync_is_killed_ten_times() -> Result<()> {
    let transactions = if is_full() { 1_000_000 } else { 40_000 };
    let mut treasury = Treasury::draw(Spec {
        seed: 11,
        script_type: ScriptType::Segwit,
        scripts: 1_000,
        coins: transactions / 8,
        transactions,
        each_block: 100,
    })?;
    signed::sign(&mut treasury)?;
    let blocks = chain(&treasury)?;
    let node = serve(&blocks);
    let made = TempDir::new()?;
    let file = made.path().join("main.txt");
    std::fs::write(&file, treasury.wallet.descriptor_text())?;
    let file = file.display().to_string();
    // So narrow that the sync widens it many times.
    let import = [
        "wallet",
        "import",
        &file,
        "--name",
        "main",
        "--network",
        "regtest",
        "--gap",
        "40",
    ];
    Watcher::new(made.path()).run(&import)?.json()?;
    let cookie = made.path().join("cookie");
    std::fs::write(&cookie, "__cookie__:0123456789abcdef")?;
    let arguments = [
        "sync",
        "--chain",
        "core",
        "--rpc-url",
        &node.url,
        "--rpc-cookie",
    ];
    let mut arguments = arguments.map(str::to_owned).to_vec();
    arguments.push(cookie.display().to_string());

    let alone = Desk::new(made.path(), &arguments)?;
    let (report, whole) = alone.run()?;
    assert_eq!(report["blocks"], blocks.len());
    let expected = alone.rows()?;
    let coins = expected
        .iter()
        .filter(|row| row.starts_with("coins: "))
        .count();
    assert!(coins > transactions as usize / 4, "{coins} coins");

    let mut chance = chance("sync");
    let killed = Desk::new(made.path(), &arguments)?;
    let mut places: Vec<u32> = Vec::new();
    let mut tries = 0;
    // Ten such parts make about one whole sync. The machine may become faster or slower than it was
    // when that was measured.
    let mut part = whole / 4;
    while places.len() < KILLS as usize {
        if killed.kill(moment(&mut chance, part))?.is_none() {
            places.push(killed.place()?.unwrap_or(0));
            assert!(
                places.is_sorted(),
                "a kill took back what was committed: {places:?}"
            );
            let between: BTreeSet<u32> = places
                .iter()
                .copied()
                .filter(|place| (1..blocks.len() as u32).contains(place))
                .collect();
            if places.len() < KILLS as usize || between.len() > 1 {
                continue;
            }
            println!("all ten fell at one place or none: {places:?}");
            match places.last() {
                Some(0) => part = part * 3 / 2,
                _ => part = part * 2 / 3,
            }
        } else {
            assert_same(&killed.rows()?, &expected);
            part = part * 2 / 3;
        }
        tries += 1;
        assert!(tries < 20, "the sync cannot be met between its batches");
        places.clear();
        killed.begin_anew(made.path())?;
    }
    println!(
        "killed with the next block at {places:?} of {}; begun anew {tries} times",
        blocks.len()
    );
    let (report, _) = killed.run()?;
    let read = report["blocks"].as_u64().context("blocks")?;
    assert_eq!(
        read,
        blocks.len() as u64 - u64::from(places.last().copied().unwrap_or(0))
    );
    assert_same(&killed.rows()?, &expected);
    Ok(())
}

#[test]
fn a_large_plan_is_killed_ten_times() -> Result<()> {
    let (coins, payments) = if is_full() {
        (100_000, 100_000)
    } else {
        (10_000, 4_000)
    };
    let treasury = Treasury::draw(Spec {
        seed: 12,
        script_type: ScriptType::Segwit,
        scripts: coins / 5,
        coins,
        transactions: coins * 3,
        each_block: 100,
    })?;
    let made = TempDir::new()?;
    tokio::runtime::Runtime::new()?.block_on(ledger::write(&treasury, made.path()))?;
    let list = made.path().join("list.csv");
    std::fs::write(&list, payouts::csv(1, payments))?;
    let list = list.display().to_string();
    let create = [
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "5",
        "--seed",
        "7",
    ];
    let create = create.map(str::to_owned);

    let alone = Desk::new(made.path(), &create)?;
    let before = alone.rows()?;
    let (document, whole) = alone.run()?;
    let expected = alone.rows()?;
    assert!(document["transactions"].as_array().map_or(0, Vec::len) > 2);
    let reserved = expected
        .iter()
        .filter(|row| row.starts_with("coin_locks: "))
        .count();
    assert!(reserved > 2, "{reserved} coins are reserved");

    let mut chance = chance("plan");
    let killed = Desk::new(made.path(), &create)?;
    let (mut kills, mut late, mut stored) = (0, 0, 0);
    let mut latest = whole;
    while kills < KILLS {
        match killed.kill(moment(&mut chance, latest))? {
            None => kills += 1,
            // The machine has become faster since the plan was measured.
            Some(took) => {
                late += 1;
                latest = latest.min(took) * 9 / 10;
            }
        }
        assert!(late < 50, "the plan was too fast to be killed");
        let rows = killed.rows()?;
        // All of it, or nothing.
        if rows.len() == before.len() {
            assert_same(&rows, &before);
        } else {
            assert_same(&rows, &expected);
            stored += 1;
            killed.begin_anew(made.path())?;
        }
    }
    println!(
        "killed {kills} times; the plan was stored {stored} times, {late} of them before the kill"
    );
    killed.run()?;
    assert_same(&killed.rows()?, &expected);
    Ok(())
}
