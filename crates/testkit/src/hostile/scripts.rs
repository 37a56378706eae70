//! Scripts that pose as ours, and script fields that contradict the wallet.

use bitcoin::consensus::serialize;
use bitcoin::opcodes::all::{OP_CHECKMULTISIG, OP_PUSHNUM_1, OP_PUSHNUM_2};
use bitcoin::script::Builder;
use bitcoin::{PublicKey, ScriptBuf};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::{input, output};
use cofferdam_core::wallet::Branch;

use super::Case;
use super::fixture::{ours, theirs};
use super::payout::{Payout, script, set};

const OTHER_COIN: &str = "has a coin signed whose rules are not the wallet's";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = posing();
    cases.extend(fields_of_inputs());
    cases.extend(fields_of_change());
    cases
}

fn own_key(script_type: ScriptType) -> PublicKey {
    PublicKey::new(
        ours(script_type)
            .public_key(Branch::Receive, 0)
            .expect("a key"),
    )
}

fn their_key(script_type: ScriptType) -> PublicKey {
    PublicKey::new(
        theirs(script_type)
            .public_key(Branch::Receive, 0)
            .expect("a key"),
    )
}

/// Coins whose script is another than the one that the listed derivation gives.
fn posing() -> Vec<Case> {
    let multisig = Builder::new()
        .push_opcode(OP_PUSHNUM_1)
        .push_key(&own_key(ScriptType::Segwit))
        .push_key(&their_key(ScriptType::Segwit))
        .push_opcode(OP_PUSHNUM_2)
        .push_opcode(OP_CHECKMULTISIG)
        .into_script();
    let anyone = ScriptBuf::from_bytes(vec![0x51]);
    let v0_script_hash = multisig.to_p2wsh();
    let taproot_program = script(ours(ScriptType::Taproot), Branch::Receive, 0);
    let table = [
        (
            "p2sh-posing-as-nested",
            "A pay-to-script-hash coin that anyone can spend comes with its redeem script and our derivation",
            ScriptType::Nested,
            anyone.to_p2sh(),
            Some((input::REDEEM_SCRIPT, anyone.clone())),
        ),
        (
            "p2sh-multisig-posing-as-nested",
            "A one-of-two multisig coin in pay to script hash, with our key as one of two",
            ScriptType::Nested,
            multisig.to_p2sh(),
            Some((input::REDEEM_SCRIPT, multisig.clone())),
        ),
        (
            "nested-v0-script-hash",
            "The redeem script is a v0 program of 32 bytes: a script hash, not a key hash",
            ScriptType::Nested,
            v0_script_hash.to_p2sh(),
            Some((input::REDEEM_SCRIPT, v0_script_hash.clone())),
        ),
        (
            "nested-v1-program",
            "The redeem script is a v1 program, which nothing protects inside pay to script hash (BIP341)",
            ScriptType::Nested,
            taproot_program.to_p2sh(),
            Some((input::REDEEM_SCRIPT, taproot_program.clone())),
        ),
        (
            "p2wsh-multisig-with-our-key",
            "A one-of-two multisig coin in pay to witness script hash, with our key as one of two",
            ScriptType::Segwit,
            v0_script_hash,
            Some((input::WITNESS_SCRIPT, multisig.clone())),
        ),
        (
            "p2pk-of-our-key",
            "A pay-to-public-key coin of our key, listed as our pay-to-public-key-hash coin",
            ScriptType::Legacy,
            ScriptBuf::new_p2pk(&own_key(ScriptType::Legacy)),
            None,
        ),
        (
            "legacy-coin-of-a-segwit-key",
            "A legacy coin of a key of our segwit wallet: its signature would not cover the amount",
            ScriptType::Segwit,
            ScriptBuf::new_p2pkh(&own_key(ScriptType::Segwit).pubkey_hash()),
            None,
        ),
        (
            "taproot-coin-untweaked",
            "A taproot coin of our internal key without its tweak, so that a hidden script could be agreed on",
            ScriptType::Taproot,
            ScriptBuf::new_p2tr_tweaked(bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(
                own_key(ScriptType::Taproot).inner.x_only_public_key().0,
            )),
            None,
        ),
    ];
    let case = |(name, title, script_type, script, field): (
        &str,
        &str,
        _,
        _,
        Option<(u64, ScriptBuf)>,
    )| {
        let payout = Payout::new(script_type).with(|payout| payout.coins[0].script = Some(script));
        let hostile = payout.edited(|raw| {
            if let Some((field, script)) = field {
                set(&mut raw.inputs[0], field, script.into_bytes());
            }
        });
        let mut findings = vec!["input 0 false-derivation", "input 0 foreign-input"];
        let mut also = vec!["foreign_input"];
        if script_type == ScriptType::Taproot {
            findings.extend(["transaction fee-unknown", "input 0 foreign-amount-unproven"]);
            also.push("fee_unknown");
        }
        Case::new(
            name,
            title,
            "BIP16, BIP141, BIP341: ownership is what the wallet derives",
            OTHER_COIN,
        )
        .caught_by("derivation")
        .also(&also)
        .refused(hostile, &findings)
    };
    table.into_iter().map(case).collect()
}

/// Fields of own inputs that the wallet's derivation contradicts.
fn fields_of_inputs() -> Vec<Case> {
    let their_program = ScriptBuf::new_p2wpkh(
        &their_key(ScriptType::Segwit)
            .wpubkey_hash()
            .expect("compressed"),
    );
    let their_x = their_key(ScriptType::Taproot).inner.x_only_public_key().0;
    let table = [
        (
            "redeem-script-of-another-key",
            "Our nested coin comes with a redeem script of the attacker's key",
            ScriptType::Nested,
            input::REDEEM_SCRIPT,
            their_program.to_bytes(),
        ),
        (
            "redeem-script-on-segwit",
            "A native segwit coin carries a redeem script",
            ScriptType::Segwit,
            input::REDEEM_SCRIPT,
            their_program.to_bytes(),
        ),
        (
            "redeem-script-on-legacy",
            "A legacy coin carries a redeem script",
            ScriptType::Legacy,
            input::REDEEM_SCRIPT,
            their_program.to_bytes(),
        ),
        (
            "witness-script-on-segwit",
            "A pay-to-witness-public-key-hash coin carries a witness script",
            ScriptType::Segwit,
            input::WITNESS_SCRIPT,
            vec![0x51],
        ),
        (
            "witness-script-on-nested",
            "A nested coin carries a witness script",
            ScriptType::Nested,
            input::WITNESS_SCRIPT,
            vec![0x51],
        ),
        (
            "taproot-hidden-tree",
            "Our taproot coin is said to have a tree of scripts",
            ScriptType::Taproot,
            input::TAP_MERKLE_ROOT,
            vec![7; 32],
        ),
        (
            "taproot-internal-key-of-another",
            "Our taproot coin is said to have the attacker's internal key",
            ScriptType::Taproot,
            input::TAP_INTERNAL_KEY,
            their_x.serialize().to_vec(),
        ),
        (
            "internal-key-on-segwit",
            "A segwit v0 coin carries a taproot internal key",
            ScriptType::Segwit,
            input::TAP_INTERNAL_KEY,
            their_x.serialize().to_vec(),
        ),
    ];
    let case = |(name, title, script_type, field, value)| {
        let hostile = Payout::new(script_type).edited(|raw| set(&mut raw.inputs[0], field, value));
        Case::new(
            name,
            title,
            "BIP174, BIP371: a script field is what the coin's script says, or absent",
            OTHER_COIN,
        )
        .caught_by("script_fields")
        .refused(hostile, &["input 0 script-field-differs"])
    };
    table.into_iter().map(case).collect()
}

/// Fields of our change that the wallet's derivation contradicts.
fn fields_of_change() -> Vec<Case> {
    let their_x = their_key(ScriptType::Taproot).inner.x_only_public_key().0;
    let tree = [&[0, 0xc0, 1, 0x51][..]].concat();
    let their_program = ScriptBuf::new_p2wpkh(
        &their_key(ScriptType::Segwit)
            .wpubkey_hash()
            .expect("compressed"),
    );
    let table = [
        (
            "change-redeem-script",
            ScriptType::Nested,
            output::REDEEM_SCRIPT,
            their_program.to_bytes(),
        ),
        (
            "change-witness-script",
            ScriptType::Segwit,
            output::WITNESS_SCRIPT,
            vec![0x51],
        ),
        (
            "change-internal-key",
            ScriptType::Taproot,
            output::TAP_INTERNAL_KEY,
            their_x.serialize().to_vec(),
        ),
        (
            "change-hidden-tree",
            ScriptType::Taproot,
            output::TAP_TREE,
            tree,
        ),
    ];
    let case = |(name, script_type, field, value)| {
        let hostile = Payout::new(script_type).edited(|raw| set(&mut raw.outputs[1], field, value));
        Case::new(
            &format!("{name}-contradicts"),
            "A script field of our change is another than the wallet derives",
            "BIP174, BIP371; the design: every ambiguity is a refusal",
            "makes two programs disagree on what the change can be spent by",
        )
        .caught_by("script_fields")
        .refused(hostile, &["output 1 script-field-differs"])
    };
    // One more, by the coin: its previous transaction pays a script that only begins like ours.
    let mut longer = script(ours(ScriptType::Segwit), Branch::Receive, 0).into_bytes();
    longer.push(0x51);
    let longer = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[0].script = Some(ScriptBuf::from_bytes(longer));
    });
    let mut cases: Vec<Case> = table.into_iter().map(case).collect();
    let previous = serialize(&longer.coins[0].previous());
    cases.push(
        Case::new(
            "script-with-a-tail",
            "The coin's script is ours and one more opcode",
            "the design: ownership is equality of whole scripts",
            OTHER_COIN,
        )
        .caught_by("derivation")
        .also(&["foreign_input"])
        .refused(
            longer.edited(|raw| set(&mut raw.inputs[0], input::NON_WITNESS_UTXO, previous)),
            &["input 0 false-derivation", "input 0 foreign-input"],
        ),
    );
    cases
}
