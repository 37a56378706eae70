//! From a payout list to PSBT bytes, as whole programs: `payout create` and `payout export` on a
//! ledger with many coins, at sizes a factor of four apart: `cargo bench -p cofferdam-benches
//! --bench plan` (with `COFFERDAM_WATCHER` naming the release binary; `-- COINS` for another size).
//!
//! Sizes: 2,500 payouts at 100,000 coins (what one transaction can hold), and 100,000 payouts (some
//! forty transactions).

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cofferdam_benches::child;
use cofferdam_benches::payouts;
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_core::ScriptType;
use cofferdam_testkit::measure::exponent;
use serde_json::Value;

const ROUNDS: u64 = 3;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let coins: u32 = arguments.first().map_or(Ok(100_000), |word| word.parse())?;
    let watcher = PathBuf::from(std::env::var("COFFERDAM_WATCHER").context("COFFERDAM_WATCHER")?);
    println!(
        "| coins | payouts | transactions | plan ms | export ms | together ms | peak MiB | PSBT MB | coins spent | coins left | fee, sat |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut exponents = String::new();
    for script_type in [ScriptType::Segwit, ScriptType::Taproot] {
        for payouts in [coins / 40, coins] {
            let mut totals = Vec::new();
            for part in [4, 1] {
                let folder = tempfile::TempDir::new()?;
                eprintln!("writing a ledger");
                let treasury = Treasury::draw(Spec {
                    seed: 6,
                    script_type,
                    scripts: coins / part,
                    coins: coins / part,
                    transactions: coins / part * 3,
                    each_block: 100,
                })?;
                tokio::runtime::Runtime::new()?
                    .block_on(ledger::write(&treasury, folder.path()))?;
                totals.push(measure(
                    &watcher,
                    folder.path(),
                    script_type,
                    coins / part,
                    payouts / part,
                )?);
            }
            let grown = exponent(4.0, totals[0], totals[1]);
            writeln!(
                exponents,
                "| {script_type}, {payouts} payouts | {grown:.2} |"
            )?;
        }
    }
    print!(
        "\n| growth, a factor of 4 in coins and payouts | exponent |\n| --- | --- |\n{exponents}"
    );
    Ok(())
}

/// Plans and exports lists, and prints the medians. Returns the milliseconds of both together.
fn measure(
    watcher: &Path,
    folder: &Path,
    script_type: ScriptType,
    coins: u32,
    count: u32,
) -> Result<f64> {
    let data = folder.display().to_string();
    let (mut plans, mut exports, mut together) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak = 0.0_f64;
    let mut last = Value::Null;
    let mut bytes = 0;
    for round in 0..=ROUNDS {
        let list = folder.join("list.csv");
        std::fs::write(&list, payouts::csv(round, count))?;
        let list = list.display().to_string();
        let seed = round.to_string();
        let create = [
            "payout",
            "create",
            &list,
            "--wallet",
            "main",
            "--fee-rate",
            "5",
            "--seed",
            &seed,
            "--accept",
            "payment-open",
        ];
        let created = child::run(
            watcher,
            &[&["--data", &data, "--json"], &create[..]].concat(),
        )?;
        last = serde_json::from_slice(&created.stdout)?;
        let id = last["id"].as_str().context("an id")?.to_owned();
        let out = folder.join(format!("out-{round}"));
        let target = format!("{}/", out.display());
        let export = ["payout", "export", &id, "--out", &target];
        let exported = child::run(
            watcher,
            &[&["--data", &data, "--json"], &export[..]].concat(),
        )?;
        bytes = std::fs::read_dir(&out)?
            .map(|entry| Ok(entry?.metadata()?.len()))
            .sum::<std::io::Result<u64>>()?;
        peak = peak.max(created.peak_mib).max(exported.peak_mib);
        if round > 0 {
            plans.push(created.seconds * 1e3);
            exports.push(exported.seconds * 1e3);
            together.push((created.seconds + exported.seconds) * 1e3);
        }
    }
    let transactions = last["transactions"].as_array().context("transactions")?;
    let spent: usize = transactions
        .iter()
        .filter_map(|transaction| transaction["inputs"].as_array().map(Vec::len))
        .sum();
    let fee: u64 = transactions
        .iter()
        .filter_map(|transaction| transaction["fee_sat"].as_u64())
        .sum();
    println!(
        "| {coins} {script_type} | {count} | {} | {:.0} | {:.0} | {:.0} | {peak:.0} | {:.1} | {spent} | {} | {fee} |",
        transactions.len(),
        median(&mut plans),
        median(&mut exports),
        median(&mut together),
        bytes as f64 / 1e6,
        coins as usize - spent,
    );
    Ok(median(&mut together))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
