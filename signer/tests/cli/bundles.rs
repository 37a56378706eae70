//! Bundles instead of files: what is accepted, what is written, and that nothing is believed.

use std::fs;

use cofferdam_core::psbt::{Limits, Parsed, RawKey, fields};
use cofferdam_core::wallet::{Wallet, WalletId};
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::returned::Return;
use serde_json::Value;

use crate::harness::Signer;
use crate::psbts::{OTHER, PAYEE, Plan};

/// A restored vault, its wallet, and two PSBTs of it.
fn two_payments(script: &str) -> (Signer, Wallet, Vec<Vec<u8>>) {
    let signer = Signer::restore();
    let wallet = signer.add_account("main", script);
    let psbts = vec![
        Plan::new(&wallet, &[0, 1], &[(PAYEE, 700_000)]).psbt(),
        Plan::new(&wallet, &[2], &[(OTHER, 600_000)]).psbt(),
    ];
    (signer, wallet, psbts)
}

fn write(signer: &Signer, wallet: WalletId, psbts: &[Vec<u8>]) -> String {
    let bundle = Bundle::of(wallet, "po-1", psbts).unwrap();
    signer.write("po-1.bundle", bundle.to_bytes());
    signer.text("po-1.bundle")
}

#[test]
fn a_bundle_is_signed_like_its_psbts() {
    for script in ["legacy", "nested", "segwit", "taproot"] {
        let (signer, wallet, psbts) = two_payments(script);
        let bundle = write(&signer, wallet.id(), &psbts);
        for (name, psbt) in ["a.psbt", "b.psbt"].iter().zip(&psbts) {
            signer.write(name, psbt);
        }
        let plain: Vec<String> = ["a.psbt", "b.psbt"].map(|name| signer.text(name)).into();
        let (alike, of_bundle) = (
            signer.run(&["inspect", &plain[0], &plain[1]]).json(),
            signer.run(&["inspect", &bundle]).json(),
        );
        for (file, other) in files(&of_bundle).iter().zip(files(&alike)) {
            assert_eq!(file["sha256"], other["sha256"]);
            assert_eq!(file["outputs"], other["outputs"]);
        }
        assert_eq!(
            files(&of_bundle)[1]["file"],
            signer.text("po-1.bundle/po-1-2.psbt")
        );
        assert_eq!(of_bundle["totals"], alike["totals"]);

        let before = signer.run(&["journal", "verify"]).json()["count"].clone();
        let signed = signer.run(&["sign", &bundle, "--yes"]).json();
        let returned = Return::parse(&signer.read("po-1.return")).unwrap();
        signer.run(&["sign", &plain[0], &plain[1], "--yes"]).json();
        for (number, transaction) in returned.transactions().iter().enumerate() {
            let unsigned = Parsed::parse(&psbts[number], &Limits::DEFAULT).unwrap();
            let name = ["a.signed.psbt", "b.signed.psbt"][number];
            assert!(
                transaction.apply(&unsigned).unwrap() == signer.read(name),
                "{script}"
            );
        }

        let vault = returned
            .verify_receipt(&wallet.receipt_key().unwrap())
            .unwrap();
        assert_eq!(vault.journal_count, before.as_u64().unwrap() + 2);
        let shown = &signed["return"]["receipt"];
        assert_eq!(shown["generation"], vault.generation);
        assert_eq!(shown["vault_id"], vault.vault_id.to_string());
        assert_eq!(shown["journal"]["count"], vault.journal_count);
    }
}

fn files(review: &Value) -> &Vec<Value> {
    review["files"].as_array().unwrap()
}

#[test]
fn the_return_goes_where_out_says_and_over_nothing_else() {
    let (signer, wallet, psbts) = two_payments("segwit");
    let bundle = write(&signer, wallet.id(), &psbts);
    let out = signer.text("back");
    signer
        .run(&["sign", &bundle, "--out", &out, "--yes"])
        .json();
    fs::create_dir(signer.path("folder")).unwrap();
    let folder = signer.text("folder");
    let signed = signer
        .run(&["sign", &bundle, "--out", &folder, "--yes"])
        .json();
    assert_eq!(signed["return"]["out"], signer.text("folder/po-1.return"));
    assert_eq!(
        signed["signed"][0]["out"],
        signer.text("folder/po-1.return")
    );
    // A later receipt names a later state: another file.
    let error = signer
        .run(&["sign", &bundle, "--out", &out, "--yes"])
        .error_code(12);
    assert_eq!(error, "file-exists");

    let made = format!("{}/", signer.text("psbts"));
    signer
        .run(&["sign", &bundle, "--psbts", "--out", &made, "--yes"])
        .json();
    assert!(
        signer.path("psbts/po-1-1.signed.psbt").is_file()
            && signer.path("psbts/po-1-2.signed.psbt").is_file()
    );
    let one_file = signer.run(&["sign", &bundle, "--psbts", "--out", &out, "--yes"]);
    assert_eq!(one_file.error_code(2), "wrong-usage");
}

#[test]
fn a_refused_bundle_leaves_no_return() {
    let (signer, _, psbts) = two_payments("segwit");
    let bundle = write(&signer, WalletId::from_bytes([9; 32]), &psbts);
    assert_eq!(signer.run(&["inspect", &bundle]).code, 3);
    let refused = signer.run(&["sign", &bundle, "--yes"]).error(3);
    assert_eq!(refused["findings"][0]["code"], "bundle-wallet");
    assert_eq!(refused["findings"][0]["expected"], "09".repeat(32));
    assert!(!signer.path("po-1.return").exists());
}

#[test]
fn what_a_bundle_brings_is_reviewed_like_any_file() {
    let (signer, wallet, psbts) = two_payments("segwit");
    let mut raw = Parsed::parse(&psbts[0], &Limits::DEFAULT)
        .unwrap()
        .raw()
        .clone();
    let mut coin = raw.inputs[0]
        .plain(fields::input::WITNESS_UTXO)
        .unwrap()
        .to_vec();
    coin[0] ^= 1;
    raw.inputs[0].set(RawKey::plain(fields::input::WITNESS_UTXO), coin);
    let bundle = write(&signer, wallet.id(), &[raw.to_bytes()]);
    assert_eq!(
        signer.run(&["sign", &bundle, "--yes"]).error_code(3),
        "refused"
    );

    // No PSBT at all, though the hash is right.
    let mut raw = Parsed::parse(&psbts[0], &Limits::DEFAULT)
        .unwrap()
        .raw()
        .clone();
    raw.inputs[1].set(RawKey::plain(fields::input::SIGHASH_TYPE), vec![1]);
    let bundle = write(&signer, wallet.id(), &[raw.to_bytes()]);
    let error = signer.run(&["sign", &bundle, "--yes"]).error(6);
    assert_eq!(error["code"], "malformed-psbt");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("po-1.bundle/po-1.psbt")
    );
}

#[test]
fn a_bundle_is_named_alone_and_whole() {
    let (signer, wallet, psbts) = two_payments("segwit");
    let bundle = write(&signer, wallet.id(), &psbts);
    signer.write("a.psbt", &psbts[0]);
    let psbt = signer.text("a.psbt");
    for files in [[&psbt, &bundle], [&bundle, &psbt], [&bundle, &bundle]] {
        let run = signer.run(&["sign", files[0], files[1], "--yes"]);
        assert_eq!(run.error_code(2), "wrong-usage");
    }
    assert_eq!(
        signer
            .run(&["sign", &psbt, "--psbts", "--yes"])
            .error_code(2),
        "wrong-usage"
    );
    let bytes = signer.read("po-1.bundle");
    signer.write("cut.bundle", &bytes[..bytes.len() - 1]);
    let error = signer
        .run(&["inspect", &signer.text("cut.bundle")])
        .error(6);
    assert_eq!(error["code"], "malformed-bundle");
}
