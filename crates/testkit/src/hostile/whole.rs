//! What is wrong with a transaction as a whole.

use cofferdam_core::ScriptType;
use cofferdam_core::psbt::Version;
use cofferdam_core::wallet::Branch;

use super::Case;
use super::fixture::{ours, payee, payees};
use super::payout::{Coin, Payout};

const MAX: u64 = 2_100_000_000_000_000;
const UNKNOWN: &str = "transaction fee-unknown";
const SUM: &str = "transaction sum-out-of-range";
const CREATE: &str = "makes a sum come out small, and the fee look right";
const OVERFLOW: &str = "CVE-2010-5139 (value overflow)";

pub(super) fn cases() -> Vec<Case> {
    let paying = |amounts: &[u64]| {
        Payout::new(ScriptType::Segwit).with(|payout| {
            for (number, sat) in (20..).zip(amounts) {
                payout.pay(payee(number), *sat);
            }
        })
    };
    let mut cases = vec![
        Case::new(
            "transaction-too-heavy",
            "A payout of 3,250 outputs, which would have 404,000 weight units",
            "Bitcoin Core's MAX_STANDARD_TX_WEIGHT",
            "has signatures made, and hours waited for, that no node relays",
        )
        .caught_by("budget")
        .refused(
            Payout::new(ScriptType::Segwit)
                .with(|payout| {
                    payees(0, 3_250).for_each(|script| payout.pay(script, 1_000));
                    payout.outputs[1].sat -= 3_250_000 + 200_000;
                })
                .psbt(),
            &["transaction transaction-too-heavy"],
        ),
        duplicate("duplicate-outpoint", 2, ScriptType::Segwit),
        duplicate("duplicate-outpoint-legacy", 2, ScriptType::Legacy),
        duplicate(
            "duplicate-outpoint-beyond-the-100th",
            130,
            ScriptType::Taproot,
        ),
        Case::new(
            "sum-overflow",
            "Two outputs of 2^63 satoshi add up to nothing in 64 bits",
            OVERFLOW,
            CREATE,
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(
            paying(&[1 << 63, 1 << 63]).psbt(),
            &[
                "output 2 amount-out-of-range",
                "output 3 amount-out-of-range",
                SUM,
                UNKNOWN,
            ],
        ),
        Case::new(
            "amount-negative",
            "An output of -1 satoshi",
            OVERFLOW,
            CREATE,
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(
            paying(&[u64::MAX]).psbt(),
            &["output 2 amount-out-of-range", SUM, UNKNOWN],
        ),
        Case::new(
            "amount-negative-v2",
            "An output of -1 satoshi, in a PSBT of version 2",
            OVERFLOW,
            CREATE,
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(
            paying(&[u64::MAX]).raw(Version::V2).to_bytes(),
            &["output 2 amount-out-of-range", SUM, UNKNOWN],
        ),
        Case::new(
            "amount-beyond-all-money",
            "An output of 21 million bitcoin and one satoshi",
            OVERFLOW,
            CREATE,
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(
            paying(&[MAX + 1]).psbt(),
            &["output 2 amount-out-of-range", SUM, UNKNOWN],
        ),
        Case::new(
            "sum-beyond-all-money",
            "Two outputs of nearly 21 million bitcoin each",
            OVERFLOW,
            CREATE,
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(paying(&[MAX - 1, MAX - 1]).psbt(), &[SUM, UNKNOWN]),
        Case::new(
            "input-beyond-all-money",
            "A coin of more than 21 million bitcoin, with a previous transaction that says so",
            OVERFLOW,
            "pays a fee that no sum shows",
        )
        .caught_by("amounts")
        .also(&["fee_unknown"])
        .refused(
            Payout::new(ScriptType::Segwit)
                .with(|payout| payout.coins[0].sat = MAX + 1)
                .psbt(),
            &["input 0 amount-out-of-range", SUM, UNKNOWN],
        ),
    ];
    for (name, version) in [
        ("zero", 0),
        ("negative", -1),
        ("four", 4),
        ("largest", i32::MAX),
    ] {
        let hostile = Payout::new(ScriptType::Segwit).with(|payout| payout.version = version);
        cases.push(
            Case::new(
                &format!("transaction-version-{name}"),
                &format!("The transaction says that it has version {version}"),
                "BIP68 and BIP431; Bitcoin Core's rules for relay: versions 1 to 3",
                "has a transaction signed whose rules are not known yet",
            )
            .caught_by("transaction_version")
            .refused(hostile.psbt(), &["transaction transaction-version"]),
        );
    }
    for script_type in [ScriptType::Segwit, ScriptType::Taproot] {
        cases.push(
            Case::new(
                &format!("outputs-above-inputs-{script_type}"),
                "More goes out than comes in",
                "consensus: no transaction makes money",
                "has a negative fee taken for a small one",
            )
            .caught_by("outputs_exceed_inputs")
            .also(&["fee_unknown"])
            .refused(
                Payout::new(script_type)
                    .with(|payout| payout.outputs[1].sat = 50_000_001)
                    .psbt(),
                &["transaction outputs-exceed-inputs", UNKNOWN],
            ),
        );
    }
    cases
}

/// The last coin stands a second time in the place of the one before it.
fn duplicate(name: &str, inputs: u32, script_type: ScriptType) -> Case {
    let wallet = ours(script_type);
    let payout = Payout::new(script_type).with(|payout| {
        payout.coins = (0..inputs)
            .map(|number| {
                Coin::new(
                    wallet,
                    Branch::Receive,
                    number % 5,
                    60_000_000 / u64::from(inputs),
                    number,
                )
            })
            .collect();
        let last = payout.coins.len() - 1;
        payout.coins[last] = payout.coins[last - 1].clone();
        let total: u64 = payout.coins.iter().map(|coin| coin.sat).sum();
        payout.outputs[0].sat = 20_000_000;
        payout.outputs[1].sat = total - 20_050_000;
    });
    let place = format!("input {} duplicate-outpoint", inputs - 1);
    Case::new(
        name,
        &format!("Of {inputs} inputs the last one spends the same coin as the one before"),
        "CVE-2018-17144 (duplicate inputs); signers that compare only the first hundred",
        "has a coin counted twice, so that the fee looks lower than it is",
    )
    .caught_by("duplicate_outpoint")
    .refused(payout.psbt(), &[&place])
}
