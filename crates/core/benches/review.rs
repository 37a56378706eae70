//! How long parsing and reviewing take, at two sizes a factor of four apart: the exponent of their growth is 1 where nothing is quadratic.
//!
//! Parsing hashes the previous transactions; what it takes to hash them alone stands beside it. In the second kind of transaction every output is
//! ours, and so derived again, and every one is dust.
//!
//! `cargo bench -p cofferdam-core --bench review`

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, WPubkeyHash, Witness};
use cofferdam_core::Network;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{Limits, Parsed, Version};
use cofferdam_core::review::{FeeLimits, KnownWallet, PayeeIndex, ReviewContext, review};
use cofferdam_core::wallet::{Branch, Wallet};

fn main() {
    let wallet = wallet();
    let known = [KnownWallet {
        wallet: &wallet,
        highest_change_seen: None,
        highest_receive_seen: None,
    }];
    let mut context = ReviewContext::new(&known, FeeLimits::DEFAULT);
    let payees: Vec<ScriptBuf> = (0..PAYEES).map(|number| payee(number + 1_000_000)).collect();
    let payees = PayeeIndex::new(payees.iter().map(ScriptBuf::as_script), Network::Regtest);
    context.earlier_payees = &payees;
    println!("| transaction | inputs | outputs | hash ms | parse ms | review ms |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for kind in [Kind::Payout, Kind::OwnDust] {
        let times = SIZES.map(|(inputs, outputs)| {
            let bytes = psbt(&wallet, inputs, outputs, kind);
            let (parsing, parsed) = fastest(|| Parsed::parse(&bytes, &Limits::DEFAULT).unwrap());
            let (hashing, _) = fastest(|| {
                let given = parsed
                    .inputs()
                    .iter()
                    .filter_map(|input| input.previous_transaction.as_deref());
                given
                    .map(|given| given.transaction().compute_txid())
                    .collect::<Vec<_>>()
            });
            let (reviewing, reviewed) = fastest(|| review(parsed.clone(), &context));
            assert!(!reviewed.has_refusal());
            let name = kind.name();
            println!("| {name} | {inputs} | {outputs} | {hashing:.2} | {parsing:.2} | {reviewing:.2} |");
            [parsing, reviewing]
        });
        let [[parsing, reviewing], [parsing_more, reviewing_more]] = times;
        let exponent = |less: f64, more: f64| (more / less).log(4.0);
        println!(
            "| {}: exponent | | | | {:.2} | {:.2} |",
            kind.name(),
            exponent(parsing, parsing_more),
            exponent(reviewing, reviewing_more)
        );
    }
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

/// Returns the least milliseconds of ten runs, and what the last one made.
fn fastest<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut least = f64::INFINITY;
    let mut made = None;
    for _ in 0..10 {
        let start = Instant::now();
        made = Some(run());
        least = least.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    (least, made.expect("it ran"))
}

const DESCRIPTOR: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

/// Inputs and outputs.
const SIZES: [(u32, u32); 2] = [(500, 2_000), (2_000, 8_000)];

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
    let paid: u64 = payments.iter().map(|payment| payment.txout.value.to_sat()).sum();
    let change = TemplateOutput {
        txout: TxOut {
            value: Amount::from_sat(total - paid - 500_000 * u64::from(outputs / 2_000)),
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
