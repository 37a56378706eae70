//! False amounts of coins: what is hidden in them burns as fee.

use bitcoin::consensus::serialize;
use bitcoin::{Amount, TxOut};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::input::{
    NON_WITNESS_UTXO, OUTPUT_INDEX, SIGHASH_TYPE, WITNESS_UTXO,
};
use cofferdam_core::psbt::{RawPsbt, Version};
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, theirs};
use super::payout::{Coin, Payout, claim_input, pair, set};
use super::{Case, Step};

const CVE: &str = "CVE-2020-14199";
const BURN: &str = "hides most of a coin's amount, so that it burns as fee";
const UNKNOWN: &str = "transaction fee-unknown";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        one_round(ScriptType::Segwit),
        one_round(ScriptType::Nested),
        two_rounds(),
        two_rounds_with_the_attackers_input(),
        legacy_by_witness_utxo(),
        taproot_fields_on_segwit(),
        mixed(),
        index_beyond(Version::V0),
        index_beyond(Version::V2),
    ];
    for script_type in ScriptType::ALL {
        cases.extend([other_previous(script_type), nothing_said(script_type)]);
        if script_type != ScriptType::Taproot {
            cases.push(forged_previous(script_type));
        }
        if script_type != ScriptType::Legacy {
            cases.extend([unequal_amount(script_type), unequal_script(script_type)]);
        }
    }
    cases
}

fn without_previous(raw: &mut RawPsbt, input: usize) {
    raw.inputs[input].remove_type(NON_WITNESS_UTXO);
}

/// Says in the witness UTXO that a coin has this amount.
fn claim_amount(raw: &mut RawPsbt, input: usize, sat: u64) {
    pair(&mut raw.inputs[input], WITNESS_UTXO).value[..8].copy_from_slice(&sat.to_le_bytes());
}

fn one_round(script_type: ScriptType) -> Case {
    let nested = script_type == ScriptType::Nested;
    let hostile = Payout::new(script_type)
        .with(|payout| payout.coins[1].sat = 900_000_000)
        .edited(|raw| {
            without_previous(raw, 1);
            claim_amount(raw, 1, 40_000_000);
        });
    Case::new(
        &format!("amount-claimed-{script_type}"),
        "A coin of 9 BTC comes without its previous transaction, and is said to have 0.4 BTC",
        CVE,
        BURN,
    )
    // Either of the two is enough, so that each is tried as the one that is left.
    .caught_by(if nested {
        "fee_unknown"
    } else {
        "previous_transaction"
    })
    .also(&[if nested {
        "previous_transaction"
    } else {
        "fee_unknown"
    }])
    .refused(hostile, &["input 1 previous-transaction-missing", UNKNOWN])
}

/// Each round signs the one coin whose amount it tells truly; the two signatures together make a
/// transaction that burns both.
fn two_rounds() -> Case {
    let payout = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[0].sat = 1_500_000_000;
        payout.coins[1].sat = 2_000_000_000;
        payout.outputs[1].sat = 1_450_000_000;
    });
    let round = |lie: usize, sat: u64| {
        payout.edited(|raw| {
            for input in 0..2 {
                without_previous(raw, input);
            }
            claim_amount(raw, lie, sat);
        })
    };
    let findings = |file: &str| {
        [
            "input 0 previous-transaction-missing",
            "input 1 previous-transaction-missing",
            UNKNOWN,
        ]
        .map(|finding| format!("{file}: {finding}"))
    };
    let mut case = Case::new(
        "amount-claimed-two-rounds",
        "One transaction comes twice: first the second coin's amount is false, then the first's",
        CVE,
        "puts the two valid signatures together, and burns 20 BTC as fee",
    )
    .caught_by("previous_transaction")
    .also(&["fee_unknown"])
    .psbt("first.psbt", round(1, 10_000))
    .psbt("second.psbt", round(0, 10_000));
    for file in ["first.psbt", "second.psbt"] {
        let findings = findings(file);
        let findings: Vec<&str> = findings.iter().map(String::as_str).collect();
        case = case
            .step(Step::inspect(&[file], 3, &findings))
            .step(Step::refused(&[file], &findings));
    }
    case
}

fn two_rounds_with_the_attackers_input() -> Case {
    let payout = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.coins[0].sat = 1_500_000_000;
        payout.coins[1] = Coin::new(theirs(ScriptType::Segwit), Branch::Receive, 0, 500, 50);
    });
    let hostile = payout.edited(|raw| {
        without_previous(raw, 0);
        claim_amount(raw, 0, 100_000_000);
    });
    Case::new(
        "amount-claimed-with-attackers-input",
        "The only coin of ours is said to have less than it has, beside a coin of the attacker's",
        "CVE-2020-14199, with the attacker's own input, by which miners can be bribed",
        BURN,
    )
    .caught_by("previous_transaction")
    .also(&["fee_unknown", "foreign_input"])
    .refused(
        hostile,
        &[
            "input 0 previous-transaction-missing",
            "input 1 foreign-input",
            UNKNOWN,
        ],
    )
}

fn legacy_by_witness_utxo() -> Case {
    let payout = Payout::new(ScriptType::Legacy).with(|payout| payout.coins[0].sat = 700_000_000);
    let coin = TxOut {
        value: Amount::from_sat(60_000_000),
        ..payout.coins[0].txout()
    };
    let hostile = payout.edited(|raw| {
        without_previous(raw, 0);
        set(&mut raw.inputs[0], WITNESS_UTXO, serialize(&coin));
    });
    Case::new(
        "amount-claimed-legacy",
        "A legacy coin comes with a witness UTXO in place of its previous transaction",
        "BIP174 (a legacy signature does not cover the amount)",
        BURN,
    )
    .caught_by("previous_transaction")
    .also(&["fee_unknown"])
    .refused(hostile, &["input 0 previous-transaction-missing", UNKNOWN])
}

/// A signer that decides by the fields that are there would take the coin for a taproot one, whose
/// amount the signature covers.
fn taproot_fields_on_segwit() -> Case {
    let payout = Payout::new(ScriptType::Segwit).with(|payout| payout.coins[1].sat = 900_000_000);
    let hostile = payout.edited(|raw| {
        without_previous(raw, 1);
        claim_amount(raw, 1, 40_000_000);
        claim_input(
            &mut raw.inputs[1],
            ours(ScriptType::Taproot),
            Branch::Change,
            3,
        );
        set(&mut raw.inputs[1], SIGHASH_TYPE, [0, 0, 0, 0]);
    });
    Case::new(
        "taproot-fields-on-a-v0-input",
        "A segwit v0 coin carries an internal key and a derivation of our taproot wallet, and no previous transaction",
        "CVE-2020-14199 and BIP371: whether an amount is covered follows from the script, not from the fields",
        BURN,
    )
    .caught_by("previous_transaction")
    .also(&["fee_unknown", "derivation", "script_fields", "sighash"])
    .refused(
        hostile,
        &[
            "input 1 previous-transaction-missing",
            "input 1 false-derivation",
            "input 1 script-field-differs",
            "input 1 sighash-unknown",
            UNKNOWN,
        ],
    )
}

fn mixed() -> Case {
    let legacy = Coin::new(ours(ScriptType::Legacy), Branch::Receive, 2, 40_000_000, 2);
    let hostile = Payout::new(ScriptType::Segwit)
        .with(|payout| {
            payout.coins[0].sat = 800_000_000;
            payout.coins[1] = legacy;
        })
        .edited(|raw| {
            without_previous(raw, 0);
            claim_amount(raw, 0, 60_000_000);
        });
    Case::new(
        "mixed-legacy-and-segwit-false-amount",
        "A legacy coin is proven, and the segwit coin beside it has a false amount",
        "CVE-2020-14199; wallets that only ask whether any previous transaction is there",
        BURN,
    )
    .caught_by("previous_transaction")
    .also(&["fee_unknown", "several_wallets"])
    .refused(
        hostile,
        &[
            "input 0 previous-transaction-missing",
            "input 1 several-wallets",
            UNKNOWN,
        ],
    )
}

fn index_beyond(version: Version) -> Case {
    let payout = Payout::new(ScriptType::Segwit);
    let hostile = match version {
        Version::V0 => payout.edited(|raw| {
            let mut transaction = payout.unsigned_tx();
            transaction.input[1].previous_output.vout = 2;
            let bytes = super::payout::unsigned_bytes(&transaction);
            set(&mut raw.global, 0, bytes);
        }),
        Version::V2 => payout.edited_as(version, |raw| {
            set(&mut raw.inputs[1], OUTPUT_INDEX, [0xff; 4]);
        }),
    };
    Case::new(
        &format!("index-out-of-range-v{version}"),
        "The previous transaction has fewer outputs than the index asks for; the witness UTXO fills the gap",
        "BIP174: the index must exist",
        "has the amount taken from a field that nothing proves",
    )
    .caught_by("output_index")
    .also(&["fee_unknown"])
    .refused(hostile, &["input 1 output-index-out-of-range", UNKNOWN])
}

fn other_previous(script_type: ScriptType) -> Case {
    let payout = Payout::new(script_type);
    let other = payout.coins[0].previous();
    let hostile = payout.edited(|raw| set(&mut raw.inputs[1], NON_WITNESS_UTXO, serialize(&other)));
    Case::new(
        &format!("wrong-txid-{script_type}"),
        "The previous transaction of an input is that of the other one",
        "BIP174: its txid must match the outpoint's",
        BURN,
    )
    .caught_by("previous_txid")
    .also(match script_type {
        ScriptType::Legacy => &["utxo_missing", "fee_unknown"],
        _ => &["fee_unknown"],
    })
    .refused(
        hostile,
        match script_type {
            ScriptType::Legacy => &[
                "input 1 previous-txid-mismatch",
                "input 1 utxo-missing",
                UNKNOWN,
            ],
            _ => &["input 1 previous-txid-mismatch", UNKNOWN],
        },
    )
}

fn forged_previous(script_type: ScriptType) -> Case {
    let payout = Payout::new(script_type).with(|payout| payout.coins[1].sat = 900_000_000);
    let mut forged = payout.coins[1].previous();
    forged.output[1].value = Amount::from_sat(40_000_000);
    let hostile = payout.edited(|raw| {
        set(&mut raw.inputs[1], NON_WITNESS_UTXO, serialize(&forged));
        if script_type != ScriptType::Legacy {
            claim_amount(raw, 1, 40_000_000);
        }
    });
    Case::new(
        &format!("previous-transaction-forged-{script_type}"),
        "The previous transaction is the right one but for the amount, and the witness UTXO agrees with it",
        "BIP174: without comparing the txid, a previous transaction proves nothing",
        BURN,
    )
    .caught_by("previous_txid")
    .also(match script_type {
        ScriptType::Legacy => &["utxo_missing", "fee_unknown"],
        _ => &["fee_unknown"],
    })
    .refused(
        hostile,
        match script_type {
            ScriptType::Legacy => &["input 1 previous-txid-mismatch", "input 1 utxo-missing", UNKNOWN],
            _ => &["input 1 previous-txid-mismatch", UNKNOWN],
        },
    )
}

fn nothing_said(script_type: ScriptType) -> Case {
    let hostile = Payout::new(script_type).edited(|raw| {
        raw.inputs[1].remove_type(NON_WITNESS_UTXO);
        raw.inputs[1].remove_type(WITNESS_UTXO);
    });
    Case::new(
        &format!("utxo-missing-{script_type}"),
        "An input does not say what it spends",
        "BIP174: a signer needs the UTXO",
        BURN,
    )
    .caught_by("utxo_missing")
    .also(&["fee_unknown"])
    .refused(hostile, &["input 1 utxo-missing", UNKNOWN])
}

fn with_previous(script_type: ScriptType, forge: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let payout = Payout::new(script_type);
    payout.edited(|raw| {
        let previous = serialize(&payout.coins[1].previous());
        set(&mut raw.inputs[1], NON_WITNESS_UTXO, previous);
        forge(&mut pair(&mut raw.inputs[1], WITNESS_UTXO).value);
    })
}

fn unequal_amount(script_type: ScriptType) -> Case {
    Case::new(
        &format!("utxo-fields-unequal-amount-{script_type}"),
        "Previous transaction and witness UTXO tell two amounts of one coin",
        "BIP174; signers that read the one and show the other",
        BURN,
    )
    .caught_by("utxo_fields")
    .refused(
        with_previous(script_type, |utxo| {
            utxo[..8].copy_from_slice(&1_000u64.to_le_bytes())
        }),
        &["input 1 utxo-fields-differ"],
    )
}

fn unequal_script(script_type: ScriptType) -> Case {
    Case::new(
        &format!("utxo-fields-unequal-script-{script_type}"),
        "Previous transaction and witness UTXO tell two scripts of one coin",
        "BIP174; signers that read the one and show the other",
        "has a coin signed that is not the one shown",
    )
    .caught_by("utxo_fields")
    .refused(
        with_previous(script_type, |utxo| {
            let last = utxo.len() - 1;
            utxo[last - 1] ^= 1;
        }),
        &["input 1 utxo-fields-differ"],
    )
}
