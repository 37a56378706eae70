//! How long parsing and reviewing take, at two sizes a factor of four apart: the exponent of their
//! growth is 1 where nothing is quadratic.
//!
//! Parsing hashes the previous transactions; what it takes to hash them alone stands beside it. In
//! the second kind of transaction every output is ours, and so derived again, and every one is
//! dust.
//!
//! The peers parse the first kind: `embit`, by its own clock, and Bitcoin Core's `decodepsbt`,
//! whose call carries the PSBT there and a document of all its parts back.
//!
//! `cargo bench -p cofferdam-benches --bench review` (with `COFFERDAM_PYTHON` naming a Python that
//! has `embit`, and `BITCOIND` a bitcoind)

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, WPubkeyHash, Witness,
};
use cofferdam_benches::child;
use cofferdam_core::Network;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{Limits, Parsed, TransactionIndex, Version, fields};
use cofferdam_core::review::{FeeLimits, KnownWallet, PayeeIndex, ReviewContext, review};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_testkit::Bitcoind;
use cofferdam_testkit::measure::{HEAD, exponent, rows, side_by_side};
use serde_json::json;

const ROUNDS: usize = 9;
const LEAST_OF: usize = 20;

const EMBIT: &str = "\
import sys, time
from embit.psbt import PSBT
given = open(sys.argv[1], 'rb').read()
began = time.perf_counter()
psbt = PSBT.parse(given)
took = time.perf_counter() - began
print(took, len(psbt.inputs), len(psbt.outputs))
";

fn main() -> Result<()> {
    let wallet = wallet();
    let known = [KnownWallet {
        wallet: &wallet,
        highest_change_seen: None,
        highest_receive_seen: None,
    }];
    let mut context = ReviewContext::new(&known, FeeLimits::DEFAULT);
    let payees: Vec<ScriptBuf> = (0..PAYEES)
        .map(|number| payee(number + 1_000_000))
        .collect();
    let payees = PayeeIndex::new(payees.iter().map(ScriptBuf::as_script), Network::Regtest);
    context.earlier_payees = &payees;
    println!("| transaction | inputs | outputs | hash ms | parse ms | review ms |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for kind in [Kind::Payout, Kind::OwnDust] {
        let name = kind.name();
        let psbts = SIZES.map(|(inputs, outputs)| psbt(&wallet, inputs, outputs, kind));
        let mut least = [[f64::INFINITY; 3]; SIZES.len()];
        // In turn, so that a machine that is slow for a while is slow for both sizes.
        for _ in 0..LEAST_OF {
            for (bytes, least) in psbts.iter().zip(&mut least) {
                for (least, took) in least.iter_mut().zip(once(bytes, &context)) {
                    *least = least.min(took);
                }
            }
        }
        for ((inputs, outputs), [hashing, parsing, reviewing]) in SIZES.iter().zip(least) {
            println!(
                "| {name} | {inputs} | {outputs} | {hashing:.2} | {parsing:.2} | {reviewing:.2} |"
            );
        }
        let [[_, parsing, reviewing], [_, parsing_more, reviewing_more]] = least;
        println!(
            "| {name}: exponent | | | | {:.2} | {:.2} |",
            exponent(4.0, parsing, parsing_more),
            exponent(4.0, reviewing, reviewing_more)
        );
    }
    println!();
    beside_peers(&wallet, &context)
}

/// Parses a payout, and lets the peers parse the same bytes.
fn beside_peers(wallet: &Wallet, context: &ReviewContext<'_>) -> Result<()> {
    let python = std::env::var("COFFERDAM_PYTHON").context("COFFERDAM_PYTHON")?;
    let node = Bitcoind::start()?;
    let folder = tempfile::TempDir::new()?;
    print!("{HEAD}");
    let mut medians: Vec<Vec<(String, f64)>> = Vec::new();
    for (inputs, outputs) in SIZES {
        let bytes = psbt(wallet, inputs, outputs, Kind::Payout);
        let file = folder.path().join("payout.psbt");
        std::fs::write(&file, &bytes)?;
        let encoded = STANDARD.encode(&bytes);
        let series = side_by_side(
            ROUNDS,
            &mut [
                ("cofferdam, and reviewed", &mut || {
                    let parsed = Parsed::parse(&bytes, &Limits::DEFAULT).expect("a PSBT");
                    assert!(!review(parsed, context).has_refusal());
                    None
                }),
                ("cofferdam", &mut || {
                    Parsed::parse(&bytes, &Limits::DEFAULT).expect("a PSBT");
                    None
                }),
                ("embit", &mut || {
                    Some(
                        embit(Path::new(&python), &file, inputs, outputs).expect("embit parses it"),
                    )
                }),
                ("Bitcoin Core, `decodepsbt`", &mut || {
                    let said = node
                        .rpc("decodepsbt", json!([encoded]))
                        .expect("Core parses it");
                    assert_eq!(
                        said["inputs"].as_array().map(Vec::len),
                        Some(inputs as usize)
                    );
                    None
                }),
            ],
        );
        print!(
            "{}",
            rows(
                &format!("parse a PSBT of {inputs} inputs, {outputs} outputs"),
                &series
            )
        );
        medians.push(
            series
                .iter()
                .map(|one| (one.name.clone(), one.median()))
                .collect(),
        );
    }
    print!("\n| growth, a factor of 4 | exponent |\n| --- | --- |\n");
    for ((who, less), (_, more)) in medians[0].iter().zip(&medians[1]) {
        println!("| {who} | {:.2} |", exponent(4.0, *less, *more));
    }
    Ok(())
}

/// Returns the seconds that embit says it took.
fn embit(python: &Path, file: &Path, inputs: u32, outputs: u32) -> Result<f64> {
    let ran = child::run(python, &["-c", EMBIT, &file.display().to_string()])?;
    let said = String::from_utf8(ran.stdout)?;
    let (seconds, counts) = said.trim().split_once(' ').context("seconds")?;
    ensure!(
        counts == format!("{inputs} {outputs}"),
        "embit read {counts}"
    );
    Ok(seconds.parse()?)
}

/// What the outputs are.
#[derive(Clone, Copy)]
enum Kind {
    /// Payments to others, and change.
    Payout,
    /// Dust to ourselves, so that every output is derived, and warned of.
    OwnDust,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Payout => "a payout",
            Kind::OwnDust => "dust to ourselves",
        }
    }
}

/// Returns the milliseconds that hashing the previous transactions, parsing, and reviewing took.
fn once(bytes: &[u8], context: &ReviewContext<'_>) -> [f64; 3] {
    let (parsing, parsed) = timed(|| Parsed::parse(bytes, &Limits::DEFAULT).unwrap());
    let (hashing, _) = timed(|| {
        let maps = parsed.raw().inputs.iter();
        let given = maps.filter_map(|map| map.plain(fields::input::NON_WITNESS_UTXO));
        given
            .map(|given| TransactionIndex::read(given).unwrap().txid())
            .collect::<Vec<_>>()
    });
    let (reviewing, reviewed) = timed(|| review(parsed, context));
    assert!(!reviewed.has_refusal());
    [hashing, parsing, reviewing]
}

fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = run();
    (start.elapsed().as_secs_f64() * 1e3, made)
}

const DESCRIPTOR: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

/// Inputs and outputs. The second is nearly the heaviest transaction that nodes relay, and that is
/// looked at.
const SIZES: [(u32, u32); 2] = [(125, 500), (500, 2_000)];

/// Payees of earlier transactions, which new ones are compared with.
const PAYEES: u32 = 100_000;

/// Somebody else's script.
fn payee(number: u32) -> ScriptBuf {
    let mut hash = [0; 20];
    hash[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_le_bytes());
    hash[16..].copy_from_slice(&number.wrapping_mul(0x85eb_ca6b).to_le_bytes());
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash))
}

fn wallet() -> Wallet {
    Wallet::from_descriptor(DESCRIPTOR, "main".parse().unwrap(), Network::Regtest, None).unwrap()
}

/// A payout whose coins each come from a transaction of their own with 20 outputs.
fn psbt(wallet: &Wallet, inputs: u32, outputs: u32, kind: Kind) -> Vec<u8> {
    let inputs = (0..inputs).map(|index| {
        let utxo = TxOut {
            value: Amount::from_sat(10_000_000),
            script_pubkey: wallet.script_pubkey(Branch::Receive, index).unwrap(),
        };
        let previous = Transaction {
            version: TxVersion::TWO,
            lock_time: LockTime::from_consensus(index),
            input: vec![TxIn {
                previous_output: OutPoint {
                    txid: Txid::from_byte_array([1; 32]),
                    vout: 0,
                },
                script_sig: ScriptBuf::new(),
                sequence: Sequence::ZERO,
                witness: Witness::new(),
            }],
            output: vec![utxo.clone(); 20],
        };
        TemplateInput {
            outpoint: OutPoint {
                txid: previous.compute_txid(),
                vout: 7,
            },
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            previous_transaction: Some(Arc::new(previous)),
            utxo,
            own: (Branch::Receive, index),
        }
    });
    let inputs: Vec<_> = inputs.collect();
    let total = 10_000_000 * inputs.len() as u64;
    let payments = (0..outputs - 1).map(|number| match kind {
        Kind::Payout => TemplateOutput {
            txout: TxOut {
                value: Amount::from_sat(10_000),
                script_pubkey: payee(number),
            },
            own: None,
        },
        Kind::OwnDust => TemplateOutput {
            txout: TxOut {
                value: Amount::from_sat(10),
                script_pubkey: wallet.script_pubkey(Branch::Receive, number).unwrap(),
            },
            own: Some((Branch::Receive, number)),
        },
    });
    let payments: Vec<_> = payments.collect();
    let paid: u64 = payments
        .iter()
        .map(|payment| payment.txout.value.to_sat())
        .sum();
    let change = TemplateOutput {
        txout: TxOut {
            value: Amount::from_sat(total - paid - 500_000 * u64::from(outputs) / 2_000),
            script_pubkey: wallet.script_pubkey(Branch::Change, 1).unwrap(),
        },
        own: Some((Branch::Change, 1)),
    };
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs,
        outputs: payments.into_iter().chain([change]).collect(),
    };
    create(&template, wallet, Version::V0).unwrap()
}
