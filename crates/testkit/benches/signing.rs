//! Signing 1,000 P2WPKH inputs against Bitcoin Core's `descriptorprocesspsbt` and against bare libsecp256k1:
//! `cargo bench -p cofferdam-testkit --bench signing`.
//!
//! - cofferdam: the real binary, from the unlocked vault to verified signatures, by its own clock;
//! - bare libsecp256k1: derive, hash, sign with low-R grinding and verify, on as many threads, and nothing else;
//! - Bitcoin Core: the call of `descriptorprocesspsbt` on the same PSBT.

#![allow(clippy::print_stdout)]

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use base64::Engine;
use bitcoin::absolute::LockTime;
use bitcoin::bip32::{ChildNumber, Xpriv};
use bitcoin::hashes::Hash;
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sighash::SighashCache;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
};
use cofferdam_core::Network;
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_testkit::measure::{HEAD, rows, side_by_side};
use cofferdam_testkit::{Bitcoind, Signer};
use serde_json::{Value, json};

const INPUTS: u32 = 1_000;
/// How many of the coins one previous transaction made.
const COINS_EACH: u32 = 50;

fn main() {
    let fixture = fixture();
    let mnemonic = fixture["mnemonics"][0].as_str().expect("a mnemonic");
    let case = fixture["cases"]
        .as_array()
        .and_then(|cases| cases.iter().find(|case| case["name"] == "p2wpkh"))
        .expect("the p2wpkh case");
    let descriptor = case["descriptor"].as_str().expect("a descriptor");
    let private = case["private_descriptor"].as_str().expect("a private descriptor");

    let wallet = Wallet::from_descriptor(
        descriptor,
        "main".parse().expect("a name"),
        Network::Regtest,
        None,
    )
    .expect("the fixture's wallet");
    let template = template(&wallet);
    let psbt = create(&template, &wallet, Version::V0).expect("a PSBT");

    let folder = tempfile::TempDir::new().expect("a folder");
    let unsigned = folder.path().join("unsigned.psbt");
    std::fs::write(&unsigned, &psbt).expect("a file");
    let signer = Signer::restore(&folder.path().join("offline"), mnemonic).expect("a vault");
    signer
        .run(&["account", "add", "--name", "main", "--script", "segwit"])
        .and_then(|run| run.json())
        .expect("an account");
    let node = Bitcoind::start().expect("a bitcoind");
    let account: Xpriv = private
        .split(']')
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .and_then(|key| key.parse().ok())
        .expect("the account's private key");
    let encoded = base64::engine::general_purpose::STANDARD.encode(&psbt);

    let series = side_by_side(
        7,
        &mut [
            ("cofferdam", &mut || {
                Some(ours(&signer, &unsigned.display().to_string()))
            }),
            ("bare libsecp256k1", &mut || {
                bare(&account, &template);
                None
            }),
            ("Bitcoin Core", &mut || {
                core(&node, &encoded, private);
                None
            }),
        ],
    );
    print!("{HEAD}{}", rows(&format!("sign {INPUTS} P2WPKH inputs"), &series));
}

fn fixture() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/core-signing/regtest.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).expect("the fixture")).expect("JSON")
}

/// A payment of coins on receive addresses, fifty from each previous transaction.
fn template(wallet: &Wallet) -> Template {
    let scripts = wallet.scripts(Branch::Receive, 0..INPUTS).expect("scripts");
    let amount = Amount::from_sat(100_000);
    let mut inputs = Vec::new();
    for (batch, scripts) in scripts.chunks(COINS_EACH as usize).enumerate() {
        let funding = Arc::new(Transaction {
            version: TxVersion::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: OutPoint::new(Txid::from_byte_array([batch as u8 + 1; 32]), 0),
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: scripts
                .iter()
                .map(|script| TxOut {
                    value: amount,
                    script_pubkey: script.clone(),
                })
                .collect(),
        });
        let txid = funding.compute_txid();
        for (output, utxo) in funding.output.iter().enumerate() {
            inputs.push(TemplateInput {
                outpoint: OutPoint::new(txid, output as u32),
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                previous_transaction: Some(Arc::clone(&funding)),
                utxo: utxo.clone(),
                own: (Branch::Receive, inputs.len() as u32),
            });
        }
    }
    let paid = Amount::from_sat(100_000 * u64::from(INPUTS) - 200_000);
    let payee = ScriptBuf::new_p2wsh(&bitcoin::WScriptHash::from_byte_array([7; 32]));
    let outputs = vec![TemplateOutput {
        txout: TxOut {
            value: paid,
            script_pubkey: payee,
        },
        own: None,
    }];
    Template {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        inputs,
        outputs,
    }
}

/// Returns the seconds that the signer says it took.
fn ours(signer: &Signer, unsigned: &str) -> f64 {
    let out = signer.path("signed.psbt");
    let _ = std::fs::remove_file(&out);
    let run = signer
        .run_for_people(&["sign", unsigned, "--out", &out.display().to_string(), "--yes"])
        .expect("the signer runs");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (_, said) = run
        .stderr
        .split_once("signatures in ")
        .expect("the signer tells its time");
    let (milliseconds, _) = said.split_once(" ms").expect("milliseconds");
    milliseconds.parse::<f64>().expect("a number") / 1_000.0
}

fn bare(account: &Xpriv, template: &Template) {
    let secp = Secp256k1::new();
    let branch = account
        .derive_priv(&secp, &[ChildNumber::Normal { index: 0 }])
        .expect("the receive branch");
    let transaction = Transaction {
        version: template.version,
        lock_time: template.lock_time,
        input: template
            .inputs
            .iter()
            .map(|input| TxIn {
                previous_output: input.outpoint,
                script_sig: ScriptBuf::new(),
                sequence: input.sequence,
                witness: Witness::new(),
            })
            .collect(),
        output: template
            .outputs
            .iter()
            .map(|output| output.txout.clone())
            .collect(),
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = template.inputs.len().div_ceil(threads);
    thread::scope(|scope| {
        for (chunk, inputs) in template.inputs.chunks(share).enumerate() {
            let (secp, branch, transaction) = (&secp, &branch, &transaction);
            scope.spawn(move || {
                let mut cache = SighashCache::new(transaction);
                for (offset, input) in inputs.iter().enumerate() {
                    let step = [ChildNumber::Normal { index: input.own.1 }];
                    let key = branch.derive_priv(secp, &step).expect("a key").private_key;
                    let hash = cache
                        .p2wpkh_signature_hash(
                            chunk * share + offset,
                            &input.utxo.script_pubkey,
                            input.utxo.value,
                            EcdsaSighashType::All,
                        )
                        .expect("a hash");
                    let message = Message::from_digest(hash.to_byte_array());
                    let signature = secp.sign_ecdsa_low_r(&message, &key);
                    secp.verify_ecdsa(&message, &signature, &key.public_key(secp))
                        .expect("it verifies");
                }
            });
        }
    });
}

fn core(node: &Bitcoind, psbt: &str, private_descriptor: &str) {
    let descriptor = private_descriptor.split('#').next().expect("a descriptor");
    let descriptors: Vec<Value> = ["0", "1"]
        .map(|branch| json!({"desc": descriptor.replace("<0;1>", branch), "range": INPUTS}))
        .to_vec();
    let signed = node
        .rpc(
            "descriptorprocesspsbt",
            json!([psbt, descriptors, "ALL", true, true]),
        )
        .expect("Core signs");
    assert_eq!(signed["complete"], true);
}
