//! Signatures that would not cover the whole transaction.

use bitcoin::hex::FromHex;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::RawKey;
use cofferdam_core::psbt::fields::input::{SIGHASH_TYPE, TAP_SCRIPT_SIG};

use super::Case;
use super::fixture::payee;
use super::payout::{Payout, set};
use super::signature::add_signature;

const REUSE: &str = "takes the signature to another transaction that pays the attacker";

const NOT_ALL: &str = "input 0 sighash-not-all";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for script_type in [ScriptType::Legacy, ScriptType::Segwit, ScriptType::Taproot] {
        for (name, sighash) in [
            ("none", 0x02),
            ("single", 0x03),
            ("single-anyonecanpay", 0x83),
            ("all-anyonecanpay", 0x81),
            ("none-anyonecanpay", 0x82),
        ] {
            cases.push(declared(script_type, name, sighash, NOT_ALL));
        }
    }
    for (name, sighash) in [
        ("0x84", 0x84),
        ("0x04", 0x04),
        ("0x50", 0x50),
        ("zero-for-ecdsa", 0x00),
        ("all-in-the-lowest-byte", 0x0101),
        ("largest", u32::MAX),
    ] {
        cases.push(declared(
            ScriptType::Segwit,
            name,
            sighash,
            "input 0 sighash-unknown",
        ));
    }
    cases.extend([
        out_of_range(ScriptType::Legacy),
        out_of_range(ScriptType::Segwit),
    ]);
    for script_type in [ScriptType::Legacy, ScriptType::Segwit, ScriptType::Taproot] {
        cases.push(present(script_type, "none", 0x02));
        cases.push(present(script_type, "single-anyonecanpay", 0x83));
    }
    cases.push(for_a_script_path());
    cases
}

/// A wallet of one key has no script paths; a signature for one says all the same what it leaves
/// open.
fn for_a_script_path() -> Case {
    let hostile = Payout::new(ScriptType::Taproot).edited(|raw| {
        // The x coordinate of secp256k1's generator, and a leaf hash.
        let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let key = Vec::from_hex(key).expect("hexadecimal");
        let key = RawKey::with_data(TAP_SCRIPT_SIG, [key, vec![7; 32]].concat());
        raw.inputs[0].set(key, [[1; 64].as_slice(), &[0x83]].concat());
    });
    Case::new(
        "signature-there-script-path-taproot",
        "A signature for a script path is there already, of SINGLE|ANYONECANPAY",
        "BIP371: PSBT_IN_TAP_SCRIPT_SIG carries a sighash byte of its own",
        "has a half-open transaction completed",
    )
    .caught_by("sighash")
    .also(&["signatures"])
    .refused(hostile, &[NOT_ALL, "input 0 signature-invalid"])
}

fn declared(script_type: ScriptType, name: &str, sighash: u32, finding: &str) -> Case {
    let hostile = Payout::new(script_type).edited(|raw| {
        set(&mut raw.inputs[0], SIGHASH_TYPE, sighash.to_le_bytes());
    });
    Case::new(
        &format!("sighash-{name}-{script_type}"),
        &format!("The PSBT asks for a signature with sighash type {sighash:#04x}"),
        "BIP143 and BIP341: what a sighash type leaves out can be replaced",
        REUSE,
    )
    .caught_by("sighash")
    .refused(hostile, &[finding])
}

/// A legacy signature of SINGLE without its output signs the number one: it is good for every other
/// such transaction.
fn out_of_range(script_type: ScriptType) -> Case {
    let hostile = Payout::new(script_type)
        .with(|payout| {
            payout.outputs.truncate(1);
            payout.outputs[0].sat = 99_990_000;
        })
        .edited(|raw| set(&mut raw.inputs[1], SIGHASH_TYPE, 3u32.to_le_bytes()));
    Case::new(
        &format!("sighash-single-out-of-range-{script_type}"),
        "SINGLE is asked for on the second input of a transaction with one output",
        "the SIGHASH_SINGLE bug (bitcointalk 260595): the hash is 1, and one signature is good for every coin of the key",
        "takes every other coin of the key",
    )
    .caught_by("sighash")
    .refused(hostile, &["input 1 sighash-single-without-output"])
}

fn present(script_type: ScriptType, name: &str, sighash: u8) -> Case {
    let payout = Payout::new(script_type).with(|payout| payout.outputs[0].script = payee(3));
    let hostile = payout.edited(|raw| add_signature(&mut raw.inputs[0], &payout, 0, sighash));
    Case::new(
        &format!("signature-there-{name}-{script_type}"),
        "A valid signature of our own key is there already, and covers only a part",
        "BIP174: signatures of others travel with the PSBT; what they cover is to be checked",
        "has a half-open transaction completed",
    )
    .caught_by("sighash")
    .refused(hostile, &[NOT_ALL])
}
