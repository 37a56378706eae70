//! Several PSBTs of one sitting.

use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::input::WITNESS_UTXO;
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, payee, payees, second};
use super::outputs::lookalike_of_the_payee;
use super::payout::{Coin, Payout, pair};
use super::{Case, Step};

const TWO: [&str; 2] = ["a.psbt", "b.psbt"];

pub(super) fn cases() -> Vec<Case> {
    let plain = || Payout::new(ScriptType::Segwit);
    let other_coins = |payout: &mut Payout| {
        for coin in &mut payout.coins {
            coin.salt += 100;
        }
    };
    let case = |name: &str, title: &str, wants: &str, other: Payout, findings: &[&str]| {
        Case::new(name, title, "the design, section 5: signing again", wants)
            .caught_by("run")
            .psbt(TWO[0], plain().psbt())
            .psbt(TWO[1], other.psbt())
            .step(Step::inspect(&TWO, 3, findings))
            .step(Step::refused(&TWO, findings))
    };
    let warned = |name: &str, title: &str, wants: &str, other: Payout, findings: &[&str]| {
        let mut case = case(name, title, wants, other, findings);
        case.steps = vec![
            Step::inspect(&TWO, 0, findings),
            Step::sign(&TWO, 3, &[]).error("warning-not-accepted"),
        ];
        case
    };
    vec![
        case(
            "run-coin-spent-twice",
            "Two transactions of one run spend the same coins for different payees",
            "chooses afterwards which of the two confirms",
            plain().with(|payout| payout.outputs[0].script = payee(2)),
            &["run: coin-spent-twice", "run: coin-spent-twice"],
        ),
        case(
            "run-coin-spent-twice-in-part",
            "The second transaction of a run shares one coin with the first",
            "chooses afterwards which of the two confirms",
            plain().with(|payout| {
                payout.outputs[0].script = payee(2);
                payout.coins[0] = Coin::new(
                    ours(ScriptType::Segwit),
                    Branch::Receive,
                    1,
                    60_000_000,
                    300,
                );
            }),
            &["run: coin-spent-twice"],
        ),
        case(
            "run-payment-repeated",
            "Two transactions of one run pay the same payee the same amount over different coins",
            "has a payout made twice",
            plain().with(other_coins),
            &["run: payment-repeated"],
        ),
        case(
            "run-fee-bump-beside-its-original",
            "A transaction and its replacement with a higher fee come in one run",
            "keeps the choice of the fee",
            plain().with(|payout| payout.outputs[1].sat -= 20_000),
            &[
                "run: coin-spent-twice",
                "run: coin-spent-twice",
                "run: payment-repeated",
            ],
        ),
        warned(
            "run-payment-similar",
            "Two transactions of one run pay the same payee over different coins, one of them a satoshi more",
            "has a payout made twice, under an amount that is not the same",
            plain().with(other_coins).with(|payout| {
                payout.outputs[0].sat += 1;
                payout.outputs[1].sat -= 1;
            }),
            &["run: payment-similar"],
        ),
        warned(
            "run-address-lookalike",
            "The second transaction of a run pays an address that begins and ends like the first one's payee",
            "has an address copied that only begins and ends like the right one",
            plain().with(other_coins).with(|payout| {
                payout.outputs[0].script = lookalike_of_the_payee();
                payout.outputs[0].sat -= 1_000;
                payout.outputs[1].sat += 1_000;
            }),
            &["run: address-lookalike"],
        ),
        two_amounts(),
        fees_high(),
    ]
}

/// Payments to another wallet of the vault keep the fee's share low in each, and are paid to
/// nobody.
fn fees_high() -> Case {
    let findings = ["run: run-fees-high"];
    let costly = |salt: u32, first: u16| {
        let payout = Payout::new(ScriptType::Segwit).with(|payout| {
            for coin in &mut payout.coins {
                coin.salt += salt;
            }
            payout.outputs.clear();
            payout.pay_own(second(), Branch::Receive, salt, 55_000_000);
            payout.pay_own(ours(ScriptType::Segwit), Branch::Change, salt, 38_190_000);
            payees(first, 170).for_each(|script| payout.pay(script, 10_000));
        });
        payout.psbt()
    };
    Case::new(
        "run-fees-high",
        "Two transactions with a fee of 0.0511 BTC each, less than a tenth of what they pay to another wallet of the vault",
        "a run of ten files with a fee just below the bound each, which burnt 0.999 BTC with notes only",
        "burns with several files what no one of them may",
    )
    .caught_by("run")
    .psbt(TWO[0], costly(0, 0))
    .psbt(TWO[1], costly(100, 200))
    .step(Step::inspect(&TWO, 0, &findings))
    .step(Step::sign(&TWO, 3, &[]).error("warning-not-accepted"))
}

/// Taproot amounts are claims that the signature covers, so that each round is clean by itself.
fn two_amounts() -> Case {
    let findings = ["run: coin-amounts-differ"];
    Case::new(
        "run-coin-with-two-amounts",
        "One transaction comes twice in a run, and the second time a taproot coin is claimed to have more",
        "CVE-2020-14199, in the rounds of one run",
        "has two signatures made that only one of two stories fits",
    )
    .caught_by("run")
    .psbt(TWO[0], taproot_claiming(40_000_000))
    .psbt(TWO[1], taproot_claiming(40_001_000))
    .step(Step::inspect(&TWO, 3, &findings))
    .step(Step::refused(&TWO, &findings))
}

/// A payout of taproot coins, the second of which is said to have this amount.
pub(super) fn taproot_claiming(sat: u64) -> Vec<u8> {
    Payout::new(ScriptType::Taproot).edited(|raw| {
        pair(&mut raw.inputs[1], WITNESS_UTXO).value[..8].copy_from_slice(&sat.to_le_bytes());
    })
}
