//! Signatures that are there and are worth nothing, and a stranger's half of a joint transaction.

use bitcoin::Witness;
use bitcoin::consensus::serialize;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::RawKey;
use cofferdam_core::psbt::fields::input;
use cofferdam_core::wallet::Branch;

use super::Case;
use super::fixture::theirs;
use super::payout::{Coin, Payout, pair, set};
use super::signature::{add_signature, signature};

const BELIEVED: &str = "has signatures counted that nobody verified";
const SOURCE: &str = "BIP174: a finalizer would believe them; the design: verified, not counted";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        junk(),
        strangers(),
        taproot_on_segwit(),
        high_bits(),
        foreign_half(),
        foreign_half_two_rounds(),
        final_junk(),
        final_annex(),
        final_script_sig_on_segwit(),
    ];
    for script_type in ScriptType::ALL {
        cases.extend([misplaced(script_type), replayed(script_type)]);
    }
    cases
}

fn case(name: &str, title: &str) -> Case {
    Case::new(name, title, SOURCE, BELIEVED).caught_by("signatures")
}

fn junk() -> Case {
    let payout = Payout::new(ScriptType::Segwit);
    let (key, mut value) = signature(&payout, 0, 1);
    value[20] ^= 1;
    let hostile = payout.edited(|raw| raw.inputs[0].set(key, value));
    case(
        "signature-junk",
        "Our key's signature is there with one bit flipped",
    )
    .refused(hostile, &["input 0 signature-invalid"])
}

fn strangers() -> Case {
    let payout = Payout::new(ScriptType::Segwit);
    let (_, value) = signature(&payout, 0, 1);
    let hostile = payout.edited(|raw| {
        for number in 0..50 {
            let key = theirs(ScriptType::Segwit)
                .public_key(Branch::Receive, number)
                .expect("a key");
            raw.inputs[0].set(
                RawKey::with_data(input::PARTIAL_SIG, key.serialize()),
                value.clone(),
            );
        }
    });
    case(
        "signatures-of-strangers",
        "50 strangers' signatures stand on one coin of ours",
    )
    .refused(hostile, &["input 0 signature-invalid"])
}

fn taproot_on_segwit() -> Case {
    let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
        set(&mut raw.inputs[0], input::TAP_KEY_SIG, vec![1; 64]);
    });
    case(
        "taproot-signature-on-a-v0-input",
        "A taproot signature stands on a segwit v0 coin",
    )
    .refused(hostile, &["input 0 signature-invalid"])
}

fn high_bits() -> Case {
    let payout = Payout::new(ScriptType::Segwit);
    let (key, _) = signature(&payout, 0, 1);
    let hostile = payout.edited(|raw| raw.inputs[0].set(key, [vec![0x30; 72], vec![1]].concat()));
    case(
        "signature-of-no-form",
        "73 bytes that are no DER signature stand on our coin",
    )
    .refused(hostile, &["input 0 signature-invalid"])
}

fn misplaced(script_type: ScriptType) -> Case {
    let payout = Payout::new(script_type);
    let (key, value) = signature(&payout, 0, 1);
    let hostile = payout.edited(|raw| raw.inputs[1].set(key, value));
    case(
        &format!("signature-of-another-input-{script_type}"),
        "The signature of the first input stands on the second",
    )
    .refused(hostile, &["input 1 signature-invalid"])
}

fn replayed(script_type: ScriptType) -> Case {
    let other = Payout::new(script_type).with(|payout| payout.outputs[0].sat = 1_000_000);
    let (key, value) = signature(&other, 0, 1);
    let hostile = Payout::new(script_type).edited(|raw| raw.inputs[0].set(key, value));
    case(
        &format!("signature-of-another-transaction-{script_type}"),
        "A good signature of another transaction stands on our coin",
    )
    .refused(hostile, &["input 0 signature-invalid"])
}

/// A joint transaction: the stranger has signed, and only our half is missing. What it pays is the
/// stranger's plan.
fn foreign_half() -> Case {
    let payout = joint();
    let hostile = payout.edited(|raw| add_signature(&mut raw.inputs[1], &payout, 1, 1));
    Case::new(
        "foreign-signers-half",
        "A coin of a stranger's stands beside ours, signed, and its amount is proven",
        "coinjoin and payjoin attacks on signers",
        "has the operator complete a transaction that somebody else planned",
    )
    .caught_by("foreign_input")
    .refused(hostile, &["input 1 foreign-input"])
}

/// As above, and the amounts are false in turn: the stranger keeps the half that is good.
fn foreign_half_two_rounds() -> Case {
    let payout = joint().with(|payout| payout.coins[0].sat = 1_500_000_000);
    let hostile = payout.edited(|raw| {
        add_signature(&mut raw.inputs[1], &payout, 1, 0x81);
        for map in &mut raw.inputs {
            map.remove_type(input::NON_WITNESS_UTXO);
        }
        pair(&mut raw.inputs[0], input::WITNESS_UTXO).value[..8]
            .copy_from_slice(&60_000_000u64.to_le_bytes());
    });
    Case::new(
        "foreign-signers-half-of-two-rounds",
        "A stranger's coin is signed with ALL|ANYONECANPAY, and our coin's amount is false",
        "CVE-2020-14199 with a foreign signer: each round keeps one half",
        "puts together a transaction that burns our coin",
    )
    .caught_by("foreign_input")
    .also(&["previous_transaction", "fee_unknown", "sighash"])
    .refused(
        hostile,
        &[
            "input 0 previous-transaction-missing",
            "input 1 foreign-amount-unproven",
            "input 1 foreign-input",
            "input 1 sighash-not-all",
            "transaction fee-unknown",
        ],
    )
}

fn joint() -> Payout {
    Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[1] = Coin::new(
            theirs(ScriptType::Segwit),
            Branch::Receive,
            0,
            40_000_000,
            60,
        );
    })
}

fn finished(witness: &[Vec<u8>]) -> Vec<u8> {
    Payout::new(ScriptType::Taproot).edited(|raw| {
        let witness = serialize(&Witness::from_slice(witness));
        set(&mut raw.inputs[0], input::FINAL_SCRIPT_WITNESS, witness);
    })
}

fn final_junk() -> Case {
    case(
        "final-witness-junk",
        "Our taproot coin is finished, with 64 bytes that are no signature of ours",
    )
    .refused(finished(&[vec![1; 64]]), &["input 0 signature-invalid"])
}

fn final_annex() -> Case {
    let (_, good) = signature(&Payout::new(ScriptType::Taproot), 0, 1);
    case(
        "final-witness-with-annex",
        "Our taproot coin is finished with a good signature and an annex that it does not cover",
    )
    .refused(
        finished(&[good, vec![0x50, 1, 2]]),
        &["input 0 final-scripts-invalid"],
    )
}

fn final_script_sig_on_segwit() -> Case {
    let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
        set(&mut raw.inputs[0], input::FINAL_SCRIPT_SIG, vec![0x51]);
    });
    case(
        "final-script-sig-on-segwit",
        "A segwit coin is finished with a signature script",
    )
    .refused(hostile, &["input 0 final-scripts-invalid"])
}
