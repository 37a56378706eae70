//! Derivation against addresses that Bitcoin Core derived (`fixtures/core-signing`).

use bitcoin::ScriptBuf;
use cofferdam_core::wallet::{Branch, DeriveError, ImportOptions, Wallet};
use cofferdam_core::{Network, ScriptType};
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");

/// The fixture's single-signature cases with their script types.
fn single_signature_cases() -> Vec<(ScriptType, Value)> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let names = [
        (ScriptType::Legacy, "p2pkh"),
        (ScriptType::Nested, "p2sh-p2wpkh"),
        (ScriptType::Segwit, "p2wpkh"),
        (ScriptType::Taproot, "p2tr"),
    ];
    names
        .map(|(script_type, name)| {
            let case = cases.iter().find(|case| case["name"] == name).unwrap();
            (script_type, case.clone())
        })
        .into()
}

fn wallet(case: &Value) -> Wallet {
    let descriptor = case["descriptor"].as_str().unwrap();
    Wallet::from_descriptor(descriptor, "main".parse().unwrap(), Network::Regtest, None).unwrap()
}

fn listed<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|address| address.as_str().unwrap())
        .collect()
}

#[test]
fn addresses_are_bitcoin_cores() {
    let mut compared = 0;
    for (script_type, case) in single_signature_cases() {
        let wallet = wallet(&case);
        assert_eq!(wallet.single().unwrap().script_type(), script_type);
        for (branch, key) in [
            (Branch::Receive, "receive_addresses"),
            (Branch::Change, "change_addresses"),
        ] {
            for (index, expected) in (0..).zip(listed(&case, key)) {
                let address = wallet.address(branch, index).unwrap();
                assert_eq!(address.to_string(), expected);
                assert_eq!(
                    address.script_pubkey(),
                    wallet.script_pubkey(branch, index).unwrap()
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 24);
}

#[test]
fn the_descriptor_is_kept_to_the_letter() {
    for (_, case) in single_signature_cases() {
        let wallet = wallet(&case);
        assert_eq!(
            wallet.canonical_descriptor(),
            case["descriptor"].as_str().unwrap()
        );
        let (body, checksum) = wallet
            .descriptor_text()
            .split_once('#')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(body, wallet.canonical_descriptor());
        assert_eq!(
            wallet
                .descriptor()
                .to_string()
                .split_once('#')
                .unwrap()
                .1
                .len(),
            checksum.len()
        );
    }
}

#[test]
fn bulk_single_and_miniscript_derivation_agree() {
    for (script_type, case) in single_signature_cases() {
        let wallet = wallet(&case);
        for branch in Branch::ALL {
            let bulk = wallet.scripts(branch, 5..25).unwrap();
            let single: Vec<ScriptBuf> = (5..25)
                .map(|index| wallet.script_pubkey(branch, index).unwrap())
                .collect();
            assert_eq!(bulk, single);
            for (index, script) in (5..25).zip(&bulk) {
                let definite = wallet.definite_descriptor(branch, index).unwrap();
                assert_eq!(
                    definite.script_pubkey(),
                    *script,
                    "{script_type} {branch} {index}"
                );
                assert_eq!(
                    wallet.redeem_script(branch, index).unwrap(),
                    (script_type == ScriptType::Nested)
                        .then(|| definite.explicit_script().unwrap()),
                );
            }
        }
    }
}

#[test]
fn indices_end_where_hardened_steps_begin() {
    let (_, case) = &single_signature_cases()[2];
    let wallet = wallet(case);
    let last = (1 << 31) - 1;
    assert!(wallet.script_pubkey(Branch::Receive, last).is_ok());
    assert_eq!(
        wallet.scripts(Branch::Change, last..1 << 31).unwrap().len(),
        1
    );
    for index in [1 << 31, u32::MAX] {
        let too_large = DeriveError::IndexOutOfRange(index);
        assert_eq!(wallet.script_pubkey(Branch::Receive, index), Err(too_large));
        assert_eq!(wallet.address(Branch::Receive, index), Err(too_large));
        assert_eq!(wallet.key_origin(Branch::Receive, index), Err(too_large));
        assert_eq!(
            wallet.definite_descriptor(Branch::Receive, index),
            Err(too_large)
        );
    }
    let beyond = wallet.scripts(Branch::Receive, last..(1 << 31) + 1);
    assert_eq!(beyond, Err(DeriveError::IndexOutOfRange(1 << 31)));
    // Refused before any work, or this would take hours.
    let all = wallet.scripts(Branch::Receive, 0..u32::MAX);
    assert_eq!(all, Err(DeriveError::IndexOutOfRange(u32::MAX - 1)));
    let (start, end) = (9, 3);
    assert_eq!(wallet.scripts(Branch::Receive, start..end), Ok(vec![]));
}

#[test]
fn a_path_is_a_hint_and_the_script_the_proof() {
    for (_, case) in single_signature_cases() {
        let wallet = wallet(&case);
        let (_, (fingerprint, path)) = wallet.key_origin(Branch::Change, 12).unwrap();
        assert_eq!(wallet.find(fingerprint, &path), Some((Branch::Change, 12)));
        assert!(wallet.owns(
            Branch::Change,
            12,
            &wallet.script_pubkey(Branch::Change, 12).unwrap()
        ));

        let elsewhere = |path: &str| wallet.find(fingerprint, &path.parse().unwrap());
        let account = wallet.single().unwrap().account_path().to_string();
        assert_eq!(wallet.find(Default::default(), &path), None);
        assert_eq!(elsewhere(&account), None);
        for suffix in ["0", "2/0", "0/0h", "0h/0", "0/0/0"] {
            assert_eq!(elsewhere(&format!("{account}/{suffix}")), None, "{suffix}");
        }
        assert_eq!(elsewhere("84h/1h/1h/0/0"), None);

        // The hint may be right and the script another's.
        let other = wallet.script_pubkey(Branch::Change, 13).unwrap();
        assert!(!wallet.owns(Branch::Change, 12, &other));
        assert!(!wallet.owns(
            Branch::Receive,
            12,
            &wallet.script_pubkey(Branch::Change, 12).unwrap()
        ));
        assert!(!wallet.owns(Branch::Receive, 1 << 31, &other));
    }
}

#[test]
fn taproot_has_an_internal_key_and_others_have_none() {
    for (script_type, case) in single_signature_cases() {
        let wallet = wallet(&case);
        let (key, _) = wallet.key_origin(Branch::Receive, 0).unwrap();
        let internal = wallet.internal_key(Branch::Receive, 0).unwrap();
        assert_eq!(
            internal,
            (script_type == ScriptType::Taproot).then(|| key.x_only_public_key().0)
        );
    }
}

#[test]
fn sizes_are_those_of_real_outputs_and_signed_inputs() {
    for (script_type, case) in single_signature_cases() {
        let script = wallet(&case).script_pubkey(Branch::Receive, 0).unwrap();
        assert_eq!(script_type.script_pubkey_length(), script.len() as u64);
        assert_eq!(script_type.dust_limit(), script.minimal_non_dust());

        let bytes =
            bitcoin::hex::FromHex::from_hex(case["signed_transaction"].as_str().unwrap()).unwrap();
        let bytes: Vec<u8> = bytes;
        let signed: bitcoin::Transaction = bitcoin::consensus::deserialize(&bytes).unwrap();
        let bound = script_type.input_weight();
        for input in &signed.input {
            let witness = if script_type.has_witness() {
                input.witness.size() as u64
            } else {
                0
            };
            let weight = input.base_size() as u64 * 4 + witness;
            // A signature may be shorter than its bound by a few bytes, and never longer.
            assert!(
                weight <= bound.to_wu() && weight + 12 >= bound.to_wu(),
                "{script_type}: {weight} {bound}"
            );
        }
        for output in &signed.output {
            let own = output.script_pubkey.len() as u64 == script_type.script_pubkey_length();
            assert!(!own || output.weight() == script_type.output_weight());
        }
    }
}

#[test]
fn core_import_json_is_read_back_as_the_same_wallet() {
    for (_, case) in single_signature_cases() {
        let name = "main".parse().unwrap();
        let birthday = "2026-11-01".parse().unwrap();
        let descriptor = case["descriptor"].as_str().unwrap();
        let wallet =
            Wallet::from_descriptor(descriptor, name, Network::Regtest, Some(birthday)).unwrap();
        let options = ImportOptions {
            name: Some(wallet.name().clone()),
            network: Some(Network::Regtest),
            ..ImportOptions::default()
        };
        let again = Wallet::import(wallet.core_import_json().as_bytes(), &options).unwrap();
        assert_eq!(again, wallet);
        assert_eq!(
            Wallet::parse_json(wallet.to_json().as_bytes()).unwrap(),
            wallet
        );
        assert_eq!(
            Wallet::import(wallet.to_json().as_bytes(), &ImportOptions::default()).unwrap(),
            wallet
        );
    }
}
