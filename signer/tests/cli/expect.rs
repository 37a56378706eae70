//! A second machine confirms a signing: `sign --expect`.

use bitcoin::bip32::{ChildNumber, Xpriv};
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
use bitcoin::sighash::SighashCache;
use bitcoin::{EcdsaSighashType, ecdsa};
use cofferdam_core::psbt::{Encoding, InputSignature, Limits, Parsed, SignatureKind};
use cofferdam_core::wallet::Wallet;

use crate::harness::{Signer, names};
use crate::psbts::{OTHER, PAYEE, Plan};

/// The private key of a receive address of the segwit fixture, whose words the vaults have.
fn receive_key(index: u32) -> SecretKey {
    let text = include_str!("../../../fixtures/core-signing/regtest.json");
    let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut cases = fixture["cases"].as_array().unwrap().iter();
    let case = cases.find(|case| case["name"] == "p2wpkh").unwrap();
    let descriptor = case["private_descriptor"].as_str().unwrap();
    let account = descriptor
        .split([']', '/'])
        .find(|part| part.starts_with("tprv"));
    let account: Xpriv = account.unwrap().parse().unwrap();
    let path = [
        ChildNumber::Normal { index: 0 },
        ChildNumber::Normal { index },
    ];
    account
        .derive_priv(&Secp256k1::new(), &path)
        .unwrap()
        .private_key
}

/// Two machines with the same words, and the same file on both.
fn two_machines(script: &str) -> (Signer, Signer, Wallet) {
    let (here, there) = (Signer::restore(), Signer::restore());
    let wallet = here.add_account("main", script);
    let same = there.add_account("main", script);
    assert_eq!(wallet.id(), same.id());
    for machine in [&here, &there] {
        machine.write(
            "x.psbt",
            Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]).psbt(),
        );
    }
    let (input, out) = (there.text("x.psbt"), there.text("x.signed.psbt"));
    there.run(&["sign", &input, "--out", &out, "--yes"]).json();
    (here, there, wallet)
}

fn compare(here: &Signer, expected: &str) -> crate::harness::Run {
    let (input, out) = (here.text("x.psbt"), here.text("out.psbt"));
    here.run(&["sign", &input, "--out", &out, "--yes", "--expect", expected])
}

#[test]
fn two_machines_make_the_same() {
    for script in ["legacy", "nested", "segwit", "taproot"] {
        let (here, there, _) = two_machines(script);
        let run = compare(&here, &there.text("x.signed.psbt"));
        assert_eq!(run.json()["confirmed"], true, "{script}");
        assert_eq!(here.read("out.psbt"), there.read("x.signed.psbt"));
    }
}

#[test]
fn a_folder_and_another_encoding_are_compared_too() {
    let (here, there, _) = two_machines("segwit");
    std::fs::create_dir(here.path("other")).unwrap();
    let signed = Encoding::Base64.encode(&there.read("x.signed.psbt"));
    here.write("other/x.signed.psbt", signed);
    here.write("other/x.psbt", there.read("x.psbt"));
    let run = compare(&here, &here.text("other"));
    assert_eq!(run.json()["confirmed"], true);
    let people = here.words(&["journal", "show"]);
    assert!(people.stdout.contains("signed"));
}

/// A program that leaks its keys through nonces makes valid signatures; they are others.
#[test]
fn a_valid_signature_with_another_nonce_is_told_and_nothing_leaves() {
    let (here, there, wallet) = two_machines("segwit");
    let honest = Parsed::parse(&there.read("x.signed.psbt"), &Limits::DEFAULT).unwrap();
    let coins = Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]).coins();
    let key = receive_key(1);
    let secp = Secp256k1::new();
    let sighash = SighashCache::new(honest.unsigned_tx())
        .p2wpkh_signature_hash(
            1,
            &coins[1].script_pubkey,
            coins[1].value,
            EcdsaSighashType::All,
        )
        .unwrap();
    let message = Message::from_digest(sighash.to_byte_array());
    let leaky = secp.sign_ecdsa_with_noncedata(&message, &key, &[7; 32]);
    secp.verify_ecdsa(&message, &leaky, &key.public_key(&secp))
        .unwrap();
    let signature = InputSignature {
        input: 1,
        kind: SignatureKind::Ecdsa {
            public_key: bitcoin::PublicKey::new(key.public_key(&secp)),
            signature: ecdsa::Signature::sighash_all(leaky),
        },
    };
    here.write("leaky.psbt", honest.with_signatures(&[signature]).unwrap());
    let before = names(&here.path("."));
    let error = compare(&here, &here.text("leaky.psbt")).error(3);
    assert_eq!(error["code"], "expectation-differs");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("input 1, field PSBT_IN_PARTIAL_SIG"),
        "{message}"
    );
    assert_eq!(before.iter().filter(|name| *name == "out.psbt").count(), 0);
    assert!(!here.path("out.psbt").exists());
    // The same transaction is signed again once the other machine is found out.
    let run = compare(&here, &there.text("x.signed.psbt"));
    assert_eq!(run.json()["confirmed"], true);
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_signed() {
    let (here, there, wallet) = two_machines("segwit");
    here.write("y.psbt", Plan::new(&wallet, &[2], &[(OTHER, 6_000)]).psbt());
    let (x, y, both) = (here.text("x.psbt"), here.text("y.psbt"), here.text("both/"));
    let expected = there.text("x.signed.psbt");
    let missing = here.run(&[
        "sign", &x, &y, "--out", &both, "--yes", "--expect", &expected,
    ]);
    assert_eq!(missing.error_code(6), "expectation-unusable");
    let stranger = here.run(&["sign", &y, "--out", &both, "--yes", "--expect", &expected]);
    assert_eq!(stranger.error_code(6), "expectation-unusable");
    let twice = ["--expect", &expected, "--expect", &expected];
    let twice = here.run(&[&["sign", x.as_str(), "--out", &both, "--yes"], &twice[..]].concat());
    assert_eq!(twice.error_code(6), "expectation-unusable");
    // An unsigned file is another machine's result of nothing.
    let unsigned = compare(&here, &x);
    assert_eq!(unsigned.error_code(3), "expectation-differs");
    here.write("damaged", "cHNidP8");
    assert_eq!(
        compare(&here, &here.text("damaged")).error_code(6),
        "malformed-psbt"
    );
    assert!(!here.path("out.psbt").exists());
    assert!(names(&here.path("both")).is_empty());
}
