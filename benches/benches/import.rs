//! Reading a payout list in full, as a whole program, at two sizes a factor of four apart: `cargo
//! bench -p cofferdam-benches --bench import` (with `COFFERDAM_WATCHER` naming the release binary,
//! and `COFFERDAM_PYTHON` a Python that has `embit`).
//!
//! The list's last row is wrong, so that everything is read, each address and amount checked and
//! the whole refused, and nothing is planned. The peer reads the same rows with Python's `csv`, and
//! makes a script of each address with `embit`.

#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cofferdam_benches::child;
use cofferdam_benches::payouts;
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_core::ScriptType;
use cofferdam_testkit::measure::{HEAD, exponent, rows, side_by_side};

const PEER: &str = "\
import csv, sys
from embit.script import address_to_scriptpubkey
total = 0
for row in csv.DictReader(open(sys.argv[1])):
    try:
        address_to_scriptpubkey(row['address'])
    except Exception:
        continue
    total += int(row['amount'])
print(total)
";

fn main() -> Result<()> {
    let watcher = PathBuf::from(std::env::var("COFFERDAM_WATCHER").context("COFFERDAM_WATCHER")?);
    let python = std::env::var("COFFERDAM_PYTHON").context("COFFERDAM_PYTHON")?;
    let folder = tempfile::TempDir::new()?;
    let treasury = Treasury::draw(Spec {
        seed: 7,
        script_type: ScriptType::Segwit,
        scripts: 20,
        coins: 10,
        transactions: 100,
        each_block: 10,
    })?;
    tokio::runtime::Runtime::new()?.block_on(ledger::write(&treasury, folder.path()))?;
    let data = folder.path().display().to_string();
    let mut memory = String::new();
    let mut medians = Vec::new();
    print!("{HEAD}");
    for count in [25_000, 100_000] {
        let list = folder.path().join("list.csv").display().to_string();
        let bad = format!("last,bcrt1qnonsense,{count},sat,,\n");
        std::fs::write(&list, payouts::csv(1, count) + &bad)?;
        let mut peaks = [0.0_f64; 2];
        let [ours, theirs] = &mut peaks;
        let series = side_by_side(
            5,
            &mut [
                ("cofferdam", &mut || {
                    let ran = refused(&watcher, &data, &list).expect("the list is refused");
                    *ours = ours.max(ran.1);
                    Some(ran.0)
                }),
                ("Python's csv, embit", &mut || {
                    let ran = child::run(Path::new(&python), &["-c", PEER, &list])
                        .expect("the peer reads it");
                    *theirs = theirs.max(ran.peak_mib);
                    Some(ran.seconds)
                }),
            ],
        );
        print!("{}", rows(&format!("read a list of {count} rows"), &series));
        medians.push(series[0].median());
        memory.push_str(&format!(
            "| {count} rows | {:.0} MiB | {:.0} MiB |\n",
            peaks[0], peaks[1]
        ));
    }
    let grown = exponent(4.0, medians[0], medians[1]);
    println!("\nGrowth of ours, a factor of 4: exponent {grown:.2}.");
    print!("\n| peak memory | cofferdam | Python |\n| --- | --- | --- |\n{memory}");
    Ok(())
}

/// Seconds and peak MiB of a run that refuses the list for its last row alone.
fn refused(watcher: &Path, data: &str, list: &str) -> Result<(f64, f64)> {
    let plan = [
        "payout",
        "plan",
        list,
        "--wallet",
        "main",
        "--fee-rate",
        "5",
    ];
    let ran = child::run_to(
        6,
        watcher,
        &[&["--data", data, "--json"], &plan[..]].concat(),
    )?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(
        said.matches("\"where\":\"line ").count() == 1,
        "one row is wrong: {said}"
    );
    Ok((ran.seconds, ran.peak_mib))
}
