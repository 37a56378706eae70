//! What both programs hold at most, as whole programs: it grows with what must be held, and not
//! with history. `cargo bench -p cofferdam-benches --bench memory` (with `COFFERDAM_SIGNER` and
//! `COFFERDAM_WATCHER` naming the release binaries; `-- COINS` for another size).
//!
//! - The watcher answers a balance and plans a list, with the same coins and scripts behind
//!   histories a factor of four apart.
//! - The signer reviews and signs, with few and many transactions in its journal.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_benches::{child, payouts, unsigned};
use cofferdam_core::wallet::Wallet;
use cofferdam_core::{Network, ScriptType};
use cofferdam_testkit::Signer;
use serde_json::Value;

/// Payments that are planned.
const PAYOUTS: u32 = 2_500;
/// What the signer signs at once, to fill its journal: the most that it takes.
const AT_ONCE: u32 = 1_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let coins: u32 = arguments.first().map_or(Ok(25_000), |word| word.parse())?;
    println!(
        "| cofferdam-watcher: {coins} scripts, {coins} coins | past transactions | ledger MB | peak MiB |"
    );
    println!("| --- | --- | --- | --- |");
    for transactions in [coins * 10, coins * 40] {
        watcher(coins, transactions)?;
    }
    println!(
        "\n| cofferdam-signer: review and sign | transactions in the journal | journal MB | peak MiB |"
    );
    println!("| --- | --- | --- | --- |");
    signer()
}

fn watcher(coins: u32, transactions: u32) -> Result<()> {
    let program = PathBuf::from(std::env::var("COFFERDAM_WATCHER").context("COFFERDAM_WATCHER")?);
    let folder = tempfile::TempDir::new()?;
    eprintln!("writing a ledger of {transactions} transactions");
    let treasury = Treasury::draw(Spec {
        seed: 10,
        script_type: ScriptType::Segwit,
        scripts: coins,
        coins,
        transactions,
        each_block: 100,
    })?;
    tokio::runtime::Runtime::new()?.block_on(ledger::write(&treasury, folder.path()))?;
    let megabytes = megabytes(&folder.path().join("ledger.sqlite"))?;
    let data = folder.path().display().to_string();
    let list = folder.path().join("list.csv").display().to_string();
    std::fs::write(&list, payouts::csv(1, PAYOUTS))?;
    let create = [
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "5",
    ];
    let balance = ["balance", "--wallet", "main"];
    let created = format!("payout create, {PAYOUTS} payments");
    for (what, command) in [("balance", &balance[..]), (&created, &create[..])] {
        let ran = child::run(&program, &[&["--data", &data, "--json"], command].concat())?;
        println!(
            "| {what} | {transactions} | {megabytes:.0} | {:.1} |",
            ran.peak_mib
        );
    }
    Ok(())
}

fn signer() -> Result<()> {
    let program = PathBuf::from(std::env::var("COFFERDAM_SIGNER").context("COFFERDAM_SIGNER")?);
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/core-signing/regtest.json"
    );
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(fixture)?)?;
    let mnemonic = fixture["mnemonics"][0].as_str().context("a mnemonic")?;
    let segwit = fixture["cases"]
        .as_array()
        .and_then(|cases| cases.iter().find(|case| case["name"] == "p2wpkh"));
    let descriptor = segwit.and_then(|case| case["descriptor"].as_str());
    let wallet = Wallet::from_descriptor(
        descriptor.context("a descriptor")?,
        "main".parse()?,
        Network::Regtest,
        None,
    )?;
    let folder = tempfile::TempDir::new()?;
    let vault = Signer::restore(&folder.path().join("offline"), mnemonic)?;
    vault.add_account("main", "segwit", 0)?;
    let file = folder.path().join("unsigned.psbt");
    let mut number = 0;
    for more in [10, 10_000] {
        while number < more {
            let next = more.min(number + AT_ONCE);
            eprintln!("signing {} transactions", next - number);
            fill(&vault, folder.path(), &wallet, number..next)?;
            number = next;
        }
        for inputs in [250, 1_000] {
            let journal = megabytes(&vault.path("vault.journal"))?;
            std::fs::write(
                &file,
                unsigned::of_new_coins(&wallet, 1_000_000 + more + inputs, inputs)?,
            )?;
            let out = folder.path().join(format!("{more}-{inputs}.psbt"));
            let peak = sign(&program, &vault, &file, &out)?;
            println!("| {inputs} inputs | {more} | {journal:.1} | {peak:.1} |");
        }
    }
    Ok(())
}

/// Puts transactions of one input into the journal.
fn fill(
    vault: &Signer,
    folder: &Path,
    wallet: &Wallet,
    numbers: std::ops::Range<u32>,
) -> Result<()> {
    let (from, to) = (
        folder.join(format!("from-{}", numbers.start)),
        folder.join(format!("to-{}", numbers.start)),
    );
    std::fs::create_dir(&from)?;
    std::fs::create_dir(&to)?;
    for number in numbers {
        let psbt = unsigned::of_new_coins(wallet, number, 1)?;
        std::fs::write(from.join(format!("{number}.psbt")), psbt)?;
    }
    let (from, to) = (from.display().to_string(), to.display().to_string());
    vault.run(&["sign", &from, "--out", &to, "--yes"])?.json()?;
    Ok(())
}

/// Reviews and signs. Returns the peak in MiB of the largest process.
fn sign(program: &Path, vault: &Signer, file: &Path, out: &Path) -> Result<f64> {
    let words = [
        "--allow-online",
        "--allow-unfit",
        "bluetooth,radio",
        "--vault",
        &vault.path("vault").display().to_string(),
        "--passphrase-file",
        &vault.path("passphrase.txt").display().to_string(),
        "--json",
        "sign",
        &file.display().to_string(),
        "--out",
        &out.display().to_string(),
        "--yes",
    ];
    Ok(child::run(program, &words)?.peak_mib)
}

fn megabytes(file: &Path) -> Result<f64> {
    Ok(std::fs::metadata(file)?.len() as f64 / 1e6)
}
