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
    cases.extend([dust(), zero_value(), data_with_money()]);
    cases.extend(repeated());
    cases.extend(lookalikes());
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
            let source = origin(
                ours(ScriptType::Segwit).single().unwrap().fingerprint(),
                "84h/1h/0h/1/8",
            );
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
    .step(Step::refused(
        &["payout.psbt"],
        &["output 1234 false-derivation"],
    ))
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
    .caught_by("zero_value")
    .warned(paying(payee(2), 0).psbt(), &["output 2 zero-value-output"])
}

fn data_with_money() -> Case {
    let script = ScriptBuf::from_hex("6a026869").expect("hex");
    Case::new(
        "op-return-with-money",
        "A data output carries 0.1 BTC, which nobody can ever spend",
        "the issue: OP_RETURN must carry 0",
        "burns money under the name of a note",
    )
    .caught_by("data_output_amount")
    .also(&["data_output"])
    .refused(
        paying(script, 10_000_000).psbt(),
        &["output 2 data-output-amount", "output 2 data-output"],
    )
}

fn repeated() -> Vec<Case> {
    let case = |name: &str, title: &str, hostile: Payout| {
        Case::new(
            name,
            title,
            "the issue: the same address twice warns",
            "has a payout made twice within one transaction",
        )
        .caught_by("address_repeated")
        .warned(hostile.psbt(), &["output 2 address-repeated"])
    };
    vec![
        case(
            "address-repeated",
            "The payee's address is paid a second time, with another amount",
            paying(payee(1), 1_000_000),
        ),
        case(
            "address-repeated-with-the-same-amount",
            "The payee's address is paid the same amount twice",
            paying(payee(1), 24_000_000).with(|payout| {
                payout.outputs[0].sat = 24_000_000;
                payout.outputs[1].sat += 26_000_000;
            }),
        ),
    ]
}

fn lookalikes() -> Vec<Case> {
    let poisoned = paying(lookalike_of_the_payee(), 1_000_000);
    let case = |name: &str, title: &str| {
        Case::new(
            name,
            title,
            "address poisoning: Tsuchiya and others, USENIX Security 2025",
            "has an address copied that only begins and ends like the right one",
        )
    };
    vec![
        case(
            "address-lookalike",
            "An output pays an address that begins and ends like the payee's in the same transaction",
        )
        .caught_by("lookalike")
        .warned(poisoned.psbt(), &["output 2 address-lookalike"]),
        case(
            "address-lookalike-of-change",
            "An output pays an address that begins and ends like our change",
        )
        .caught_by("lookalike")
        .warned(
            paying(lookalike_of_our_change(), 1_000_000).psbt(),
            &["output 2 address-lookalike"],
        ),
    ]
}

/// Begins with the same 24 characters as the address of [`payee`] 1 on regtest, and ends with the
/// same four: one of a million tries.
pub(super) fn lookalike_of_the_payee() -> ScriptBuf {
    ScriptBuf::from_hex("001401010101010101010101010101010100000fa5b7").expect("hex")
}

/// The same for our change at index 7.
fn lookalike_of_our_change() -> ScriptBuf {
    ScriptBuf::from_hex("001431d439123779414a05807233daf92a0000014417").expect("hex")
}
