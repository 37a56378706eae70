//! Signatures are those of Bitcoin Core, byte for byte (fixtures/core-signing).

use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::{Transaction, TxOut};
use cofferdam_core::psbt::{Limits, Parsed, finalize};
use serde_json::Value;

use crate::harness::{Signer, WORDS};

fn sign_as_core_does(case: &str, script: &str, version: &str) {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/core-signing/regtest.json"
    );
    let fixture: Value = serde_json::from_slice(&std::fs::read(fixture).unwrap()).unwrap();
    assert_eq!(fixture["mnemonics"][0], WORDS);
    let cases = fixture["cases"].as_array().unwrap();
    let case = cases.iter().find(|found| found["name"] == case).unwrap();

    let signer = Signer::restore();
    signer.add_account("main", script);
    for (field, flag) in [
        ("receive_addresses", None),
        ("change_addresses", Some("--change")),
    ] {
        for (index, expected) in case[field].as_array().unwrap().iter().enumerate() {
            let index = index.to_string();
            let mut arguments = vec!["address", "--account", "main", "--index", &index];
            arguments.extend(flag);
            assert_eq!(signer.run(&arguments).json()["address"], *expected);
        }
    }

    signer.write("unsigned", case["unsigned"][version].as_str().unwrap());
    let (unsigned, out) = (signer.text("unsigned"), signer.text("signed"));
    signer
        .run(&["sign", &unsigned, "--out", &out, "--yes"])
        .json();

    let signed = Parsed::parse(&signer.read("signed"), &Limits::DEFAULT).unwrap();
    assert_eq!(format!("psbt_v{}", signed.version()), version);
    let coins: Vec<TxOut> = case["coins"].as_array().unwrap().iter().map(coin).collect();
    let transaction = finalize(&signed, &coins).unwrap();
    assert_eq!(serialize_hex(&transaction), case["signed_transaction"]);
}

fn coin(coin: &Value) -> TxOut {
    let previous: Transaction =
        deserialize_hex(coin["previous_transaction"].as_str().unwrap()).unwrap();
    previous.output[coin["vout"].as_u64().unwrap() as usize].clone()
}

macro_rules! cases {
    ($($name:ident: $case:literal, $script:literal, $version:literal;)*) => {
        $(#[test] fn $name() { sign_as_core_does($case, $script, $version); })*
    };
}

cases! {
    pkh_v0: "p2pkh", "legacy", "psbt_v0";
    pkh_v2: "p2pkh", "legacy", "psbt_v2";
    sh_wpkh_v0: "p2sh-p2wpkh", "nested", "psbt_v0";
    sh_wpkh_v2: "p2sh-p2wpkh", "nested", "psbt_v2";
    wpkh_v0: "p2wpkh", "segwit", "psbt_v0";
    wpkh_v2: "p2wpkh", "segwit", "psbt_v2";
    tr_v0: "p2tr", "taproot", "psbt_v0";
    tr_v2: "p2tr", "taproot", "psbt_v2";
}
