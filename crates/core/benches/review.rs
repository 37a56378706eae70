//! How long parsing and reviewing take, at two sizes: ten times the inputs and outputs should take ten times as long.
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
use cofferdam_core::review::{FeeLimits, KnownWallet, ReviewContext, review};
use cofferdam_core::wallet::{Branch, Wallet};

fn main() {
    let wallet = wallet();
    println!(
        "{:>7} {:>7} {:>12} {:>12}",
        "inputs", "outputs", "parse ms", "review ms"
    );
    for (inputs, outputs) in SIZES {
        let bytes = psbt(&wallet, inputs, outputs);
        let known = [KnownWallet {
            wallet: &wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        }];
        let context = ReviewContext::new(&known, FeeLimits::DEFAULT);
        let (parsing, parsed) = fastest(|| Parsed::parse(&bytes, &Limits::DEFAULT).unwrap());
        let (reviewing, reviewed) = fastest(|| review(parsed.clone(), &context));
        assert!(!reviewed.has_refusal());
        println!("{inputs:>7} {outputs:>7} {parsing:>12.2} {reviewing:>12.2}");
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
const SIZES: [(u32, u32); 2] = [(50, 200), (500, 2_000)];

fn wallet() -> Wallet {
    Wallet::from_descriptor(DESCRIPTOR, "main".parse().unwrap(), Network::Regtest, None).unwrap()
}

/// A payout whose coins each come from a transaction of their own with 20 outputs.
fn psbt(wallet: &Wallet, inputs: u32, outputs: u32) -> Vec<u8> {
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
    let payments = (0..outputs - 1).map(|number| {
        let mut hash = [0; 20];
        hash[..4].copy_from_slice(&number.to_le_bytes());
        let script_pubkey = ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash));
        TemplateOutput {
            txout: TxOut {
                value: Amount::from_sat(10_000),
                script_pubkey,
            },
            own: None,
        }
    });
    let change = TemplateOutput {
        txout: TxOut {
            value: Amount::from_sat(total - 10_000 * u64::from(outputs - 1) - 500_000),
            script_pubkey: wallet.script_pubkey(Branch::Change, 1).unwrap(),
        },
        own: Some((Branch::Change, 1)),
    };
    let template = Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs,
        outputs: payments.chain([change]).collect(),
    };
    create(&template, wallet, Version::V0).unwrap()
}
