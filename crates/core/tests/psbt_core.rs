//! PSBTs that Bitcoin Core made and signed (`fixtures/core-signing`): parsing, building, adding
//! signatures, finalizing.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::base64::Engine as _;
use bitcoin::base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::hex::DisplayHex;
use bitcoin::{PublicKey, Script, Transaction, TxOut};
use cofferdam_core::Network;
use cofferdam_core::psbt::build::{BuildError, Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{
    Encoding, FinalizeError, InputSignature, Limits, Parsed, RawKey, RawPsbt, SignatureFault,
    SignatureKind, Version, fields, finalize,
};
use cofferdam_core::wallet::{Branch, Wallet};
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");

struct Case {
    name: String,
    wallet: Option<Wallet>,
    v0: Parsed,
    v2: Parsed,
    v0_text: String,
    v2_text: String,
    coins: Vec<TxOut>,
    previous: Vec<Arc<Transaction>>,
    signed: Transaction,
}

fn parse(bytes: &[u8]) -> Parsed {
    Parsed::parse(bytes, &Limits::DEFAULT).unwrap()
}

fn cases() -> Vec<Case> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    fixture["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(case)
        .collect()
}

fn case(case: &Value) -> Case {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (v0_text, v2_text) = (
        text(&case["unsigned"]["psbt_v0"]),
        text(&case["unsigned"]["psbt_v2"]),
    );
    let v0 = parse(v0_text.as_bytes());
    let mut made: HashMap<_, Arc<Transaction>> = HashMap::new();
    for coin in case["coins"].as_array().unwrap() {
        let transaction: Transaction =
            deserialize_hex(coin["previous_transaction"].as_str().unwrap()).unwrap();
        made.insert(transaction.compute_txid(), Arc::new(transaction));
    }
    let outpoints = || {
        v0.unsigned_tx()
            .input
            .iter()
            .map(|input| input.previous_output)
    };
    let previous: Vec<_> = outpoints()
        .map(|outpoint| Arc::clone(&made[&outpoint.txid]))
        .collect();
    let coins = outpoints().zip(&previous);
    Case {
        name: text(&case["name"]),
        wallet: Wallet::from_descriptor(
            &text(&case["descriptor"]),
            "main".parse().unwrap(),
            Network::Regtest,
            None,
        )
        .ok(),
        coins: coins
            .map(|(outpoint, made)| made.output[outpoint.vout as usize].clone())
            .collect(),
        previous,
        signed: deserialize_hex(case["signed_transaction"].as_str().unwrap()).unwrap(),
        v2: parse(v2_text.as_bytes()),
        v0,
        v0_text,
        v2_text,
    }
}

/// The cases that single-signature wallets can sign.
fn own_cases() -> Vec<(Case, Wallet)> {
    let cases = cases().into_iter();
    let cases: Vec<_> = cases
        .filter_map(|case| case.wallet.clone().map(|wallet| (case, wallet)))
        .collect();
    assert_eq!(cases.len(), 4);
    cases
}

/// Bitcoin Core's signatures, taken out of the signed transaction.
fn signatures(case: &Case) -> Vec<InputSignature> {
    case.signed
        .input
        .iter()
        .enumerate()
        .map(|(input, tx_in)| {
            let mut items: Vec<Vec<u8>> = tx_in.witness.iter().map(<[u8]>::to_vec).collect();
            if items.is_empty() {
                let pushes = tx_in.script_sig.instructions().map(|push| push.unwrap());
                items = pushes
                    .map(|push| push.push_bytes().unwrap().as_bytes().to_vec())
                    .collect();
            }
            let kind = match items.as_slice() {
                [signature] => SignatureKind::TaprootKeySpend {
                    signature: bitcoin::taproot::Signature::from_slice(signature).unwrap(),
                },
                [signature, key] => SignatureKind::Ecdsa {
                    public_key: PublicKey::from_slice(key).unwrap(),
                    signature: bitcoin::ecdsa::Signature::from_slice(signature).unwrap(),
                },
                _ => panic!("{}: not single-signature", case.name),
            };
            InputSignature { input, kind }
        })
        .collect()
}

fn signed(case: &Case, unsigned: &Parsed) -> Parsed {
    parse(&unsigned.with_signatures(&signatures(case)).unwrap())
}

#[test]
fn both_versions_are_the_same_transaction() {
    let cases = cases();
    assert_eq!(cases.len(), 8);
    for case in &cases {
        assert_eq!(
            (case.v0.version(), case.v2.version()),
            (Version::V0, Version::V2),
            "{}",
            case.name
        );
        assert_eq!(
            case.v0.unsigned_tx(),
            case.v2.unsigned_tx(),
            "{}",
            case.name
        );
        assert_eq!(case.v0.inputs(), case.v2.inputs(), "{}", case.name);
        assert_eq!(case.v0.outputs(), case.v2.outputs(), "{}", case.name);
    }
}

#[test]
fn what_is_read_is_written_back_byte_for_byte() {
    for case in cases() {
        for (parsed, text) in [(&case.v0, &case.v0_text), (&case.v2, &case.v2_text)] {
            let binary = STANDARD.decode(text).unwrap();
            assert_eq!(parsed.to_binary(), binary, "{}", case.name);
        }
    }
}

#[test]
fn encodings_are_recognised_and_kept() {
    let case = &cases()[0];
    let binary = case.v0.to_binary();
    let hex = binary.to_lower_hex_string();
    let wrapped: String = case
        .v0_text
        .as_bytes()
        .chunks(64)
        .map(|line| format!(" {}\r\n", line.escape_ascii()))
        .collect();
    let files = [
        ("binary", binary.clone(), Encoding::Binary),
        (
            "base64",
            case.v0_text.clone().into_bytes(),
            Encoding::Base64,
        ),
        ("base64 in lines", wrapped.into_bytes(), Encoding::Base64),
        ("hex", hex.clone().into_bytes(), Encoding::Hex),
        (
            "upper-case hex with a newline",
            format!("\n{}\n", hex.to_uppercase()).into_bytes(),
            Encoding::Hex,
        ),
    ];
    for (name, file, encoding) in files {
        let parsed = parse(&file);
        assert_eq!(parsed.encoding(), encoding, "{name}");
        assert_eq!(parsed.to_binary(), binary, "{name}");
        let written = parsed.with_signatures(&[]).unwrap();
        assert_eq!(written, encoding.encode(&binary), "{name}");
        assert_eq!(parse(&written).to_binary(), binary, "{name}");
    }
}

#[test]
fn signed_psbts_become_bitcoin_cores_transaction() {
    for (case, _) in own_cases() {
        for unsigned in [&case.v0, &case.v2] {
            let signed = signed(&case, unsigned);
            assert_eq!(signed.version(), unsigned.version());
            let transaction = finalize(&signed, &case.coins).unwrap();
            assert_eq!(
                serialize_hex(&transaction),
                serialize_hex(&case.signed),
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn signing_closes_version_2_to_more_inputs_and_outputs() {
    for (case, _) in own_cases() {
        let mut raw = case.v2.raw().clone();
        raw.global
            .set(RawKey::plain(fields::global::TX_MODIFIABLE), vec![0b111]);
        let open = parse(&raw.to_bytes());
        assert_eq!(open.global().tx_modifiable, Some(0b111));
        assert_eq!(
            signed(&case, &open).global().tx_modifiable,
            Some(0b100),
            "{}",
            case.name
        );
    }
}

#[test]
fn inputs_that_others_finished_are_verified_too() {
    for (case, _) in own_cases() {
        let with_finals = |change: &dyn Fn(&mut RawPsbt)| {
            let mut raw = case.v0.raw().clone();
            for (map, input) in raw.inputs.iter_mut().zip(&case.signed.input) {
                if !input.script_sig.is_empty() {
                    let script = input.script_sig.to_bytes();
                    map.set(RawKey::plain(fields::input::FINAL_SCRIPT_SIG), script);
                }
                if !input.witness.is_empty() {
                    let witness = bitcoin::consensus::serialize(&input.witness);
                    map.set(RawKey::plain(fields::input::FINAL_SCRIPT_WITNESS), witness);
                }
            }
            change(&mut raw);
            finalize(&parse(&raw.to_bytes()), &case.coins)
        };
        assert_eq!(with_finals(&|_| {}).unwrap(), case.signed, "{}", case.name);
        let swapped = with_finals(&|raw| {
            let [first, second, ..] = raw.inputs.as_mut_slice() else {
                panic!("two inputs")
            };
            for field in [
                fields::input::FINAL_SCRIPT_SIG,
                fields::input::FINAL_SCRIPT_WITNESS,
            ] {
                let (a, b) = (
                    first.plain(field).map(<[u8]>::to_vec),
                    second.plain(field).map(<[u8]>::to_vec),
                );
                if let (Some(a), Some(b)) = (a, b) {
                    first.set(RawKey::plain(field), b);
                    second.set(RawKey::plain(field), a);
                }
            }
        });
        assert!(
            matches!(swapped, Err(FinalizeError::Signature { input: 0, .. })),
            "{}: {swapped:?}",
            case.name
        );
        let extra = with_finals(&|raw| {
            let script = raw.inputs[0]
                .plain(fields::input::FINAL_SCRIPT_SIG)
                .unwrap_or_default()
                .to_vec();
            raw.inputs[0].set(
                RawKey::plain(fields::input::FINAL_SCRIPT_SIG),
                [&[0x51], script.as_slice()].concat(),
            );
        });
        assert_eq!(extra, Err(FinalizeError::FinalScripts(0)), "{}", case.name);
    }
}

#[test]
fn false_signatures_never_become_a_transaction() {
    for (case, _) in own_cases() {
        let mut signatures = signatures(&case);
        let first = signatures[0].clone();
        let outcome = |signatures: &[InputSignature]| {
            finalize(
                &parse(&case.v0.with_signatures(signatures).unwrap()),
                &case.coins,
            )
            .unwrap_err()
        };
        assert_eq!(outcome(&[]), FinalizeError::Unsigned(0), "{}", case.name);
        assert_eq!(
            outcome(&signatures[..1]),
            FinalizeError::Unsigned(1),
            "{}",
            case.name
        );
        signatures[1].kind = first.kind.clone();
        let fault = match first.kind {
            SignatureKind::Ecdsa { .. } => SignatureFault::WrongKey,
            SignatureKind::TaprootKeySpend { .. } => SignatureFault::Invalid,
        };
        assert_eq!(
            outcome(&signatures),
            FinalizeError::Signature { input: 1, fault },
            "{}",
            case.name
        );
    }
}

#[test]
fn every_flipped_bit_of_a_signature_is_noticed() {
    for (case, _) in own_cases() {
        let signed = signed(&case, &case.v0);
        let field = |raw: &RawPsbt| {
            let map = &raw.inputs[0];
            let signature = |pair: &&cofferdam_core::psbt::RawPair| {
                matches!(
                    pair.key.key_type,
                    fields::input::PARTIAL_SIG | fields::input::TAP_KEY_SIG
                )
            };
            map.pairs.iter().find(signature).unwrap().clone()
        };
        let signature = field(signed.raw());
        for bit in 0..signature.value.len() * 8 {
            let mut raw = signed.raw().clone();
            let mut value = signature.value.clone();
            value[bit / 8] ^= 1 << (bit % 8);
            raw.inputs[0].set(signature.key.clone(), value);
            let result = finalize(&parse(&raw.to_bytes()), &case.coins);
            assert!(
                matches!(result, Err(FinalizeError::Signature { input: 0, .. })),
                "{} bit {bit}",
                case.name
            );
        }
    }
}

/// The coins are the caller's: a signature for what the PSBT claims instead is worth nothing.
#[test]
fn coins_of_the_caller_decide() {
    for (case, wallet) in own_cases() {
        let signed = signed(&case, &case.v0);
        let mut coins = case.coins.clone();
        assert!(matches!(
            finalize(&signed, &coins[1..]),
            Err(FinalizeError::CoinCount {
                coins: 2,
                inputs: 3
            })
        ));
        coins[0].value += bitcoin::Amount::ONE_SAT;
        let result = finalize(&signed, &coins);
        // Legacy signatures do not cover amounts: which is why the review wants previous
        // transactions.
        if wallet.single().unwrap().script_type() == cofferdam_core::ScriptType::Legacy {
            assert_eq!(result.unwrap(), case.signed);
        } else {
            let fault = SignatureFault::Invalid;
            assert_eq!(
                result,
                Err(FinalizeError::Signature { input: 0, fault }),
                "{}",
                case.name
            );
        }
    }
}

/// Where the script stands among the first indices of the wallet.
fn place(wallet: &Wallet, script: &Script) -> Option<(Branch, u32)> {
    let places = Branch::ALL
        .into_iter()
        .flat_map(|branch| (0..10).map(move |index| (branch, index)));
    places
        .into_iter()
        .find(|(branch, index)| wallet.owns(*branch, *index, script))
}

fn template(case: &Case, wallet: &Wallet) -> Template {
    let unsigned = case.v0.unsigned_tx();
    let inputs = unsigned.input.iter().zip(&case.coins).zip(&case.previous);
    Template {
        version: unsigned.version,
        lock_time: unsigned.lock_time,
        inputs: inputs
            .map(|((input, coin), previous)| TemplateInput {
                outpoint: input.previous_output,
                sequence: input.sequence,
                previous_transaction: Some(Arc::clone(previous)),
                utxo: coin.clone(),
                own: place(wallet, &coin.script_pubkey).unwrap(),
            })
            .collect(),
        outputs: unsigned
            .output
            .iter()
            .map(|output| TemplateOutput {
                txout: output.clone(),
                own: place(wallet, &output.script_pubkey),
            })
            .collect(),
    }
}

#[test]
fn what_we_build_says_what_bitcoin_core_says() {
    for (case, wallet) in own_cases() {
        for (version, core) in [(Version::V0, &case.v0), (Version::V2, &case.v2)] {
            let built = parse(&create(&template(&case, &wallet), &wallet, version).unwrap());
            assert_eq!(built.version(), version);
            assert_eq!(built.unsigned_tx(), core.unsigned_tx(), "{}", case.name);
            assert_eq!(built.outputs(), core.outputs(), "{}", case.name);
            for (ours, cores) in built.inputs().iter().zip(core.inputs()) {
                assert_eq!(
                    ours.bip32_derivations, cores.bip32_derivations,
                    "{}",
                    case.name
                );
                assert_eq!(ours.tap_key_origins, cores.tap_key_origins, "{}", case.name);
                assert_eq!(
                    ours.tap_internal_key, cores.tap_internal_key,
                    "{}",
                    case.name
                );
                assert_eq!(ours.redeem_script, cores.redeem_script, "{}", case.name);
                assert_eq!(ours.witness_utxo, cores.witness_utxo, "{}", case.name);
            }
        }
    }
}

/// Other implementations read what we write: `bitcoin` version 0, `psbt-v2` version 2; and we read
/// what they write.
#[test]
fn other_implementations_agree() {
    for (case, wallet) in own_cases() {
        let template = template(&case, &wallet);
        let v0 = create(&template, &wallet, Version::V0).unwrap();
        let theirs = bitcoin::Psbt::deserialize(&v0).unwrap();
        assert_eq!(theirs.unsigned_tx, template.unsigned_tx());
        assert_eq!(
            parse(&theirs.serialize()).inputs(),
            parse(&v0).inputs(),
            "{}",
            case.name
        );

        let v2 = create(&template, &wallet, Version::V2).unwrap();
        let theirs = psbt_v2::v2::Psbt::deserialize(&v2).unwrap();
        assert_eq!(theirs.determine_lock_time().unwrap(), template.lock_time);
        assert_eq!(theirs.inputs.len(), template.inputs.len());
        for (input, expected) in theirs.inputs.iter().zip(&template.inputs) {
            assert_eq!(
                (input.previous_txid, input.spent_output_index),
                (expected.outpoint.txid, expected.outpoint.vout)
            );
            assert_eq!(input.sequence, Some(expected.sequence));
        }
        for (output, expected) in theirs.outputs.iter().zip(&template.outputs) {
            assert_eq!(
                (output.amount, &output.script_pubkey),
                (expected.txout.value, &expected.txout.script_pubkey)
            );
        }
        let read_back = parse(&theirs.serialize());
        assert_eq!(
            read_back.unsigned_tx(),
            &template.unsigned_tx(),
            "{}",
            case.name
        );
        assert_eq!(read_back.inputs(), parse(&v0).inputs(), "{}", case.name);
    }
}

#[test]
fn nothing_is_built_on_claims() {
    for (case, wallet) in own_cases() {
        let refused = |change: &dyn Fn(&mut Template)| {
            let mut template = template(&case, &wallet);
            change(&mut template);
            create(&template, &wallet, Version::V0)
        };
        let (branch, index) = (Branch::Receive, 9);
        assert_eq!(
            refused(&|template| template.inputs[1].own = (branch, index)),
            Err(BuildError::ForeignInput {
                input: 1,
                branch,
                index
            })
        );
        assert_eq!(
            refused(&|template| template.outputs[0].own = Some((branch, index))),
            Err(BuildError::ForeignOutput {
                output: 0,
                branch,
                index
            })
        );
        assert!(matches!(
            refused(&|template| template.inputs[0].own = (branch, u32::MAX)),
            Err(BuildError::Derive(_))
        ));
        if wallet.single().unwrap().script_type() == cofferdam_core::ScriptType::Taproot {
            assert!(refused(&|template| template.inputs[0].previous_transaction = None).is_ok());
            continue;
        }
        assert_eq!(
            refused(&|template| template.inputs[0].previous_transaction = None),
            Err(BuildError::PreviousTransactionMissing(0))
        );
        let (expected, found) = (
            case.previous[0].compute_txid(),
            case.previous[1].compute_txid(),
        );
        assert_eq!(
            refused(&|template| template.inputs[0].previous_transaction =
                Some(Arc::clone(&case.previous[1]))),
            Err(BuildError::PreviousTransactionWrong {
                input: 0,
                expected,
                found
            })
        );
        assert_eq!(
            refused(&|template| template.inputs[0].utxo.value += bitcoin::Amount::ONE_SAT),
            Err(BuildError::CoinDiffers(0))
        );
        assert_eq!(
            refused(&|template| template.inputs[0].outpoint.vout = 99),
            Err(BuildError::CoinDiffers(0))
        );
    }
}
