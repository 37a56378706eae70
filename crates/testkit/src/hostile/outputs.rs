//! Outputs that are not what they look like, and outputs that hide among others.

use bitcoin::ScriptBuf;
use bitcoin::hashes::Hash as _;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::RawKey;
use cofferdam_core::psbt::fields::output;
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, payee, theirs};
use super::payout::{Payout, origin, script};
use super::{Case, Step};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = unknown_scripts();
    cases.extend(data());
    cases.push(buried());
    cases.extend([dust(), zero_value()]);
    cases
}

fn paying(script: ScriptBuf, sat: u64) -> Payout {
    Payout::new(ScriptType::Segwit).with(|payout| {
        payout.outputs[1].sat -= sat;
        payout.pay(script, sat);
    })
}

fn unknown_scripts() -> Vec<Case> {
    let table = [
        (
            "pay-to-public-key",
            "2102192d74d0cb94344c9569c2e77901573d8d7903c3ebec3a957724895dca52c6b4ac",
        ),
        ("anyone-can-spend", "51"),
        (
            "later-witness-version",
            "5220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ),
        ("v1-of-another-length", "51080001020304050607"),
        ("v0-of-another-length", "00080001020304050607"),
        ("empty-script", ""),
    ];
    let case = |(name, script): (&str, &str)| {
        let script = ScriptBuf::from_hex(script).expect("hex");
        Case::new(
            &format!("unknown-script-{name}"),
            "An output pays a script that has no address, or that has no rules yet",
            "BIP141: anyone can spend what has no rules yet; bitcoin/bips 0350 on mistyped addresses",
            "takes the amount before the recipient can, or burns it",
        )
        .caught_by("unknown_script")
        .warned(paying(script, 9_990_000).psbt(), &["output 2 unknown-script"])
    };
    table.into_iter().map(case).collect()
}

fn data() -> Vec<Case> {
    let note = |name: &str, title: &str, script: &str, shown: &[&str]| {
        let script = ScriptBuf::from_hex(script).expect("hex");
        let hostile = paying(script, 0).psbt();
        let mut case = Case::new(
            name,
            title,
            "the design: OP_RETURN shows all bytes",
            "writes into the block chain what the operator has not seen",
        )
        .caught_by("data_output")
        .noted(hostile, &["output 2 data-output"]);
        case.steps[0] = case.steps[0].clone().showing(shown);
        case
    };
    vec![
        note(
            "op-return-with-trailing-data",
            "A data output has a second push behind the first",
            "6a026869 0461747461".replace(' ', "").as_str(),
            &["6a0268690461747461"],
        ),
        note(
            "op-return-with-trailing-opcodes",
            "A data output has opcodes behind its push, and no push covers them",
            "6a0268695187ac",
            &["6a0268695187ac"],
        ),
        note(
            "op-return-cut-push",
            "A data output's push is longer than the script",
            "6a4c4041",
            &["6a4c4041"],
        ),
    ]
}

/// 2,000 honest payments, and one output that claims to be ours among them.
fn buried() -> Case {
    let hostile = Payout::new(ScriptType::Segwit)
        .with(|payout| {
            payout.coins[0].sat = 100_000_000;
            payout.outputs.clear();
            for number in 0..2_000u32 {
                let mut hash = [0x55; 20];
                hash[..4].copy_from_slice(&number.to_le_bytes());
                let payee = ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_byte_array(hash));
                payout.pay(payee, 10_000 + u64::from(number));
            }
            payout.outputs[1_234].script = script(theirs(ScriptType::Segwit), Branch::Change, 8);
            payout.pay_own(ours(ScriptType::Segwit), Branch::Change, 7, 117_000_000);
        })
        .edited(|raw| {
            let key = ours(ScriptType::Segwit)
                .public_key(Branch::Change, 8)
                .expect("a key");
            let source = origin(ours(ScriptType::Segwit).fingerprint(), "84h/1h/0h/1/8");
            raw.outputs[1_234].set(
                RawKey::with_data(output::BIP32_DERIVATION, key.serialize()),
                source,
            );
        });
    Case::new(
        "attacker-among-two-thousand",
        "Among 2,000 outputs one is the attacker's, listed as our change",
        "BIP174's warning on change detection; no operator reads 2,000 lines",
        "has one output pass that nobody looks at",
    )
    .caught_by("derivation")
    .psbt("payout.psbt", hostile)
    .step(Step::inspect(
        &["payout.psbt"],
        3,
        &["output 1234 false-derivation"],
    ))
    .step(Step::refused(&["payout.psbt"], &["output 1234 false-derivation"]))
}

fn dust() -> Case {
    Case::new(
        "dust-output",
        "An output of 293 satoshi, one below what nodes relay",
        "Bitcoin Core's dust limit",
        "keeps a payout from confirming",
    )
    .caught_by("dust")
    .warned(paying(payee(2), 293).psbt(), &["output 2 dust-output"])
}

fn zero_value() -> Case {
    Case::new(
        "zero-value-output",
        "An address is paid nothing at all",
        "Bitcoin Core's dust limit; the issue: zero-value outputs are named",
        "has a payout look made, that pays nothing",
    )
    .caught_by("dust")
    .warned(paying(payee(2), 0).psbt(), &["output 2 dust-output"])
}
