//! Several PSBTs of one sitting.

use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, payee};
use super::payout::{Coin, Payout};
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
                payout.coins[0] = Coin::new(ours(ScriptType::Segwit), Branch::Receive, 1, 60_000_000, 300);
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
    ]
}
