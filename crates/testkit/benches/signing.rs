//! Signing against Bitcoin Core's `descriptorprocesspsbt` and against bare libsecp256k1, at two
//! sizes a factor of four apart: `cargo bench -p cofferdam-testkit --bench signing`.
//!
//! - cofferdam: the real binary, from the unlocked vault to verified signatures, by its own clock;
//! - bare libsecp256k1: derive, hash, sign (ECDSA with low-R grinding) and verify, on as many
//!   threads, and nothing else;
//! - Bitcoin Core: the call of `descriptorprocesspsbt` on the same PSBT.
//!
//! What a legacy signature hashes grows with the transaction, so signing P2PKH is quadratic by
//! protocol, for all three.

#![allow(clippy::print_stdout)]

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use base64::Engine;
use bitcoin::absolute::LockTime;
use bitcoin::bip32::{ChildNumber, Xpriv};
use bitcoin::hashes::Hash;
use bitcoin::key::TapTweak as _;
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, ScriptBuf, Sequence, TapSighashType, Transaction, TxIn,
    TxOut, Txid, WScriptHash, Witness,
};
use cofferdam_core::psbt::Version;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};
use cofferdam_testkit::measure::{HEAD, Series, exponent, rows, side_by_side};
use cofferdam_testkit::{Bitcoind, Signer};
use serde_json::{Value, json};

/// The name in the fixture, what the signer calls the type, and the number of inputs.
const KINDS: [(&str, &str, ScriptType, u32); 3] = [
    ("p2wpkh", "segwit", ScriptType::Segwit, 1_000),
    ("p2tr", "taproot", ScriptType::Taproot, 1_000),
    ("p2pkh", "legacy", ScriptType::Legacy, 250),
];
/// How many of the coins one previous transaction made.
const COINS_EACH: u32 = 50;

fn main() {
    let fixture = fixture();
    let mnemonic = fixture["mnemonics"][0].as_str().expect("a mnemonic");
    let folder = tempfile::TempDir::new().expect("a folder");
    let signer = Signer::restore(&folder.path().join("offline"), mnemonic).expect("a vault");
    let node = Bitcoind::start().expect("a bitcoind");
    print!("{HEAD}");
    let mut exponents = String::new();
    for (name, script, script_type, inputs) in KINDS {
        let kind = Kind::new(&fixture, name, script_type);
        signer
            .run(&["account", "add", "--name", script, "--script", script])
            .and_then(|run| run.json())
            .expect("an account");
        let series = [inputs / 4, inputs].map(|inputs| {
            let series = kind.measure(&signer, &node, folder.path(), inputs);
            let what = format!("sign {inputs} {} inputs", name.to_uppercase());
            print!("{}", rows(&what, &series));
            series
        });
        for (less, more) in series[0].iter().zip(&series[1]) {
            let exponent = exponent(
                f64::from(inputs) / f64::from(inputs / 4),
                less.median(),
                more.median(),
            );
            exponents.push_str(&format!(
                "| {} | {} | {exponent:.2} |\n",
                name.to_uppercase(),
                less.name
            ));
        }
    }
    print!("\n| growth, a factor of 4 | who | exponent |\n| --- | --- | --- |\n{exponents}");
}

/// A wallet of one script type.
struct Kind {
    script_type: ScriptType,
    wallet: Wallet,
    private_descriptor: String,
    account: Xpriv,
}

impl Kind {
    fn new(fixture: &Value, name: &str, script_type: ScriptType) -> Self {
        let case = fixture["cases"]
            .as_array()
            .and_then(|cases| cases.iter().find(|case| case["name"] == name))
            .expect("the fixture's case");
        let descriptor = case["descriptor"].as_str().expect("a descriptor");
        let private = case["private_descriptor"]
            .as_str()
            .expect("a private descriptor");
        let wallet = Wallet::from_descriptor(
            descriptor,
            "main".parse().expect("a name"),
            Network::Regtest,
            None,
        )
        .expect("the fixture's wallet");
        let account: Xpriv = private
            .split(']')
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .and_then(|key| key.parse().ok())
            .expect("the account's private key");
        Kind {
            script_type,
            wallet,
            private_descriptor: private.to_owned(),
            account,
        }
    }

    fn measure(&self, signer: &Signer, node: &Bitcoind, folder: &Path, inputs: u32) -> Vec<Series> {
        let template = template(&self.wallet, inputs);
        let psbt = create(&template, &self.wallet, Version::V0).expect("a PSBT");
        let unsigned = folder.join("unsigned.psbt");
        std::fs::write(&unsigned, &psbt).expect("a file");
        let encoded = base64::engine::general_purpose::STANDARD.encode(&psbt);
        side_by_side(
            7,
            &mut [
                ("cofferdam", &mut || {
                    Some(ours(signer, &unsigned.display().to_string()))
                }),
                ("bare libsecp256k1", &mut || {
                    bare(self.script_type, &self.account, &template);
                    None
                }),
                ("Bitcoin Core", &mut || {
                    core(node, &encoded, &self.private_descriptor, inputs);
                    None
                }),
            ],
        )
    }
}

fn fixture() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/core-signing/regtest.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).expect("the fixture")).expect("JSON")
}

/// A payment of coins on receive addresses, fifty from each previous transaction.
fn template(wallet: &Wallet, count: u32) -> Template {
    let scripts = wallet.scripts(Branch::Receive, 0..count).expect("scripts");
    let amount = Amount::from_sat(100_000);
    let mut inputs = Vec::new();
    for (batch, scripts) in scripts.chunks(COINS_EACH as usize).enumerate() {
        let funding = Arc::new(Transaction {
            version: TxVersion::TWO,
            // Each size spends coins of its own.
            lock_time: LockTime::from_consensus(count),
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
    let paid = Amount::from_sat(100_000 * u64::from(count) - 400 * u64::from(count));
    // Each payment is another, so that the journal has nothing to warn of.
    let payee = [scripts[0].as_bytes(), &count.to_le_bytes()].concat();
    let payee = ScriptBuf::new_p2wsh(&WScriptHash::hash(&payee));
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
        .run_for_people(&[
            "sign",
            unsigned,
            "--out",
            &out.display().to_string(),
            "--yes",
        ])
        .expect("the signer runs");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (_, said) = run
        .stderr
        .split_once("signatures in ")
        .expect("the signer tells its time");
    let (milliseconds, _) = said.split_once(" ms").expect("milliseconds");
    milliseconds.parse::<f64>().expect("a number") / 1_000.0
}

fn bare(script_type: ScriptType, account: &Xpriv, template: &Template) {
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
    let spent: Vec<TxOut> = template
        .inputs
        .iter()
        .map(|input| input.utxo.clone())
        .collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = template.inputs.len().div_ceil(threads);
    thread::scope(|scope| {
        for (chunk, inputs) in template.inputs.chunks(share).enumerate() {
            let (secp, branch, transaction, spent) = (&secp, &branch, &transaction, &spent);
            scope.spawn(move || {
                let mut cache = SighashCache::new(transaction);
                for (offset, input) in inputs.iter().enumerate() {
                    let step = [ChildNumber::Normal { index: input.own.1 }];
                    let key = branch.derive_priv(secp, &step).expect("a key").private_key;
                    let index = chunk * share + offset;
                    if script_type == ScriptType::Taproot {
                        let hash = cache
                            .taproot_key_spend_signature_hash(
                                index,
                                &Prevouts::All(spent),
                                TapSighashType::Default,
                            )
                            .expect("a hash");
                        let message = Message::from_digest(hash.to_byte_array());
                        let pair = key.keypair(secp).tap_tweak(secp, None).to_keypair();
                        let signature = secp.sign_schnorr_no_aux_rand(&message, &pair);
                        secp.verify_schnorr(&signature, &message, &pair.x_only_public_key().0)
                            .expect("it verifies");
                        continue;
                    }
                    let script = &input.utxo.script_pubkey;
                    let hash = if script_type == ScriptType::Legacy {
                        cache
                            .legacy_signature_hash(index, script, EcdsaSighashType::All.to_u32())
                            .expect("a hash")
                            .to_byte_array()
                    } else {
                        cache
                            .p2wpkh_signature_hash(
                                index,
                                script,
                                input.utxo.value,
                                EcdsaSighashType::All,
                            )
                            .expect("a hash")
                            .to_byte_array()
                    };
                    let message = Message::from_digest(hash);
                    let signature = secp.sign_ecdsa_low_r(&message, &key);
                    secp.verify_ecdsa(&message, &signature, &key.public_key(secp))
                        .expect("it verifies");
                }
            });
        }
    });
}

fn core(node: &Bitcoind, psbt: &str, private_descriptor: &str, inputs: u32) {
    let descriptor = private_descriptor.split('#').next().expect("a descriptor");
    let descriptors: Vec<Value> = ["0", "1"]
        .map(|branch| json!({"desc": descriptor.replace("<0;1>", branch), "range": inputs}))
        .to_vec();
    let signed = node
        .rpc(
            "descriptorprocesspsbt",
            json!([psbt, descriptors, "DEFAULT", true, true]),
        )
        .expect("Core signs");
    assert_eq!(signed["complete"], true);
}
