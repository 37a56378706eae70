//! Lock times that have no effect, or that keep a payout for years.

use cofferdam_core::ScriptType;

use super::Case;
use super::payout::Payout;

const SOURCE: &str = "BIP65, BIP68, BIP113: when a lock holds depends on the sequence numbers";
const WAIT: &str =
    "has a payout signed that cannot confirm, or one that confirms long before the operator thinks";

pub(super) fn cases() -> Vec<Case> {
    vec![ineffective()]
}

fn ineffective() -> Case {
    let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.lock_time = 900_000;
        for coin in &mut payout.coins {
            coin.sequence = u32::MAX;
        }
    });
    let mut case = Case::new(
        "lock-time-ineffective",
        "The transaction has a lock time, and every sequence number is final",
        SOURCE,
        WAIT,
    )
    .caught_by("screen")
    .noted(hostile.psbt(), &[]);
    case.steps[0] = case.steps[0].clone().showing(&["has no effect"]);
    case
}
