//! External PSBTs: the lists of valid and invalid ones that HWI tests with (bitcoin-core/HWI,
//! `test/data/test_psbt.json`), its cases of the BIP174 roles, and files of Coinkite's.
//!
//! Read from the folder in `COFFERDAM_EXTERNAL_VECTORS`. Without the variable the tests fail in CI,
//! and say elsewhere that they were left out. HWI's combiner has no counterpart here.

#![allow(clippy::print_stdout)]

use bitcoin::absolute::LockTime;
use bitcoin::base64::Engine as _;
use bitcoin::base64::engine::general_purpose::STANDARD;
use bitcoin::{Address, Amount, OutPoint, TxOut};
use cofferdam_core::psbt::{
    FinalizeError, InputSignature, Limits, Parsed, PsbtError, SignatureKind, finalize,
};
use serde_json::Value;

mod external;

fn vectors() -> Option<Value> {
    external::json("hwi-psbt.json")
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
    vectors[name].as_array().unwrap()
}

fn parse(text: &Value) -> Result<Parsed, PsbtError> {
    Parsed::parse(text.as_str().unwrap().as_bytes(), &Limits::DEFAULT)
}

#[test]
fn valid_ones_are_read_and_written_back_byte_for_byte() {
    let Some(vectors) = vectors() else { return };
    for (index, text) in list(&vectors, "valid").iter().enumerate() {
        let parsed = parse(text).unwrap_or_else(|error| panic!("valid {index}: {error}"));
        let binary = STANDARD.decode(text.as_str().unwrap()).unwrap();
        assert_eq!(parsed.to_binary(), binary, "valid {index}");
    }
    println!("HWI: {} valid PSBTs read", list(&vectors, "valid").len());
}

#[test]
fn invalid_ones_are_refused() {
    let Some(vectors) = vectors() else { return };
    for (index, text) in list(&vectors, "invalid").iter().enumerate() {
        assert!(parse(text).is_err(), "invalid {index} was accepted");
    }
    println!(
        "HWI: {} invalid PSBTs refused",
        list(&vectors, "invalid").len()
    );
}

#[test]
fn lock_times_are_determined() {
    let Some(vectors) = vectors() else { return };
    let (locktimes, conflicting) = (
        list(&vectors, "locktimes"),
        list(&vectors, "conflicting_locktimes"),
    );
    for (index, case) in locktimes.iter().enumerate() {
        let expected = LockTime::from_consensus(case[1].as_u64().unwrap().try_into().unwrap());
        assert_eq!(
            parse(&case[0]).unwrap().unsigned_tx().lock_time,
            expected,
            "locktimes {index}"
        );
    }
    for text in conflicting {
        assert_eq!(parse(text), Err(PsbtError::LockTimeConflict));
    }
    println!(
        "HWI: {} lock times, {} conflicts",
        locktimes.len(),
        conflicting.len()
    );
}

#[test]
fn creators_transaction_is_read() {
    let Some(vectors) = vectors() else { return };
    for case in list(&vectors, "creator") {
        let parsed = parse(&case["result"]).unwrap();
        let transaction = parsed.unsigned_tx();
        for (input, expected) in transaction
            .input
            .iter()
            .zip(case["inputs"].as_array().unwrap())
        {
            let txid = expected["txid"].as_str().unwrap().parse().unwrap();
            let vout = expected["vout"].as_u64().unwrap().try_into().unwrap();
            assert_eq!(input.previous_output, OutPoint { txid, vout });
        }
        for (output, expected) in transaction
            .output
            .iter()
            .zip(case["outputs"].as_array().unwrap())
        {
            let (address, amount) = expected.as_object().unwrap().iter().next().unwrap();
            let address: Address<_> = address.parse().unwrap();
            let value = Amount::from_btc(amount.as_f64().unwrap()).unwrap();
            let script_pubkey = address.assume_checked().script_pubkey();
            assert_eq!(
                *output,
                TxOut {
                    value,
                    script_pubkey
                }
            );
        }
    }
    println!("HWI: {} creator cases", list(&vectors, "creator").len());
}

#[test]
fn signers_signatures_are_added() {
    let Some(vectors) = vectors() else { return };
    for case in list(&vectors, "signer") {
        let (unsigned, signed) = (
            parse(&case["psbt"]).unwrap(),
            parse(&case["result"]).unwrap(),
        );
        let mut added = Vec::new();
        for (input, fields) in signed.inputs().iter().enumerate() {
            added.extend(
                fields
                    .partial_signatures
                    .iter()
                    .map(|partial| InputSignature {
                        input,
                        kind: SignatureKind::Ecdsa {
                            public_key: partial.public_key,
                            signature: bitcoin::ecdsa::Signature::from_slice(&partial.bytes)
                                .unwrap(),
                        },
                    }),
            );
        }
        assert!(!added.is_empty());
        let result =
            Parsed::parse(&unsigned.with_signatures(&added).unwrap(), &Limits::DEFAULT).unwrap();
        assert_eq!(result.inputs(), signed.inputs());
    }
    println!("HWI: {} signer cases", list(&vectors, "signer").len());
}

/// HWI's finalizer and extractor cases are multisig, which is refused so far: by its script, not by
/// a panic.
#[test]
fn multisig_is_not_finalized() {
    let Some(vectors) = vectors() else { return };
    for (role, field) in [("finalizer", "finalize"), ("extractor", "extract")] {
        for case in list(&vectors, role) {
            let parsed = parse(&case[field]).unwrap();
            let coins: Vec<TxOut> = parsed
                .inputs()
                .iter()
                .map(
                    |input| match (&input.witness_utxo, &input.previous_transaction) {
                        (Some(utxo), _) => utxo.clone(),
                        (None, Some(previous)) => {
                            previous.coin().expect("the output that is spent").clone()
                        }
                        // The extractor's case has dropped what it does not need.
                        (None, None) => TxOut::NULL,
                    },
                )
                .collect();
            let refused = finalize(&parsed, &coins).unwrap_err();
            assert!(
                matches!(
                    refused,
                    FinalizeError::Signature { .. } | FinalizeError::FinalScripts(_)
                ),
                "{role}: {refused}"
            );
        }
        println!(
            "HWI: {} {role} cases refused as multisig",
            list(&vectors, role).len()
        );
    }
}

/// PSBTs of up to 1,000 outputs (coinkite/BBQr, `test_data/`).
#[test]
fn coinkites_psbts_are_read() {
    for outputs in [2, 20, 100, 1000] {
        let Some(file) = external::bytes(&format!("bbqr-1in{outputs}out.psbt")) else {
            return;
        };
        let parsed = Parsed::parse(&file, &Limits::DEFAULT).unwrap();
        // Change may come on top.
        assert!((outputs..=outputs + 1).contains(&parsed.outputs().len()));
        let written = parsed.with_signatures(&[]).unwrap();
        assert_eq!(Parsed::parse(&written, &Limits::DEFAULT), Ok(parsed));
    }
    println!("BBQr: 4 PSBTs read");
}
