//! Lock times that have no effect, or that keep a payout for years.

use cofferdam_core::ScriptType;

use super::Case;
use super::payout::Payout;

const SOURCE: &str = "BIP65, BIP68, BIP113: when a lock holds depends on the sequence numbers";
const WAIT: &str =
    "has a payout signed that cannot confirm, or one that confirms long before the operator thinks";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        ineffective("lock-time-ineffective", 900_000),
        ineffective("lock-time-ineffective-and-far", 4_000_000_000),
    ];
    for (name, words, lock_time) in [
        ("height", "a height that is decades ahead", 4_000_000),
        ("height-largest", "the largest height there is", 499_999_999),
        ("time", "a time in the year 2096", 4_000_000_000),
        ("time-largest", "the largest time there is", u32::MAX),
    ] {
        let hostile = Payout::new(ScriptType::Segwit).with(|payout| payout.lock_time = lock_time);
        cases.push(
            far(
                &format!("lock-time-far-{name}"),
                &format!("The transaction is locked until {words}"),
            )
            .warned(hostile.psbt(), &["transaction lock-time-far"]),
        );
    }
    // 0xffff blocks, or as many times 512 seconds (BIP68's flag 22).
    for (name, words, sequence) in [
        ("blocks", "65,535 blocks", 0xffff),
        ("time", "388 days", 0x0040_ffff),
    ] {
        let hostile =
            Payout::new(ScriptType::Segwit).with(|payout| payout.coins[1].sequence = sequence);
        cases.push(
            far(
                &format!("relative-lock-far-{name}"),
                &format!("An input is locked for {words} after its coin confirmed"),
            )
            .warned(hostile.psbt(), &["input 1 relative-lock-far"]),
        );
    }
    cases
}

fn far(name: &str, title: &str) -> Case {
    Case::new(name, title, SOURCE, WAIT).caught_by("lock_times")
}

fn ineffective(name: &str, lock_time: u32) -> Case {
    let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
        payout.lock_time = lock_time;
        for coin in &mut payout.coins {
            coin.sequence = u32::MAX;
        }
    });
    let mut case = far(
        name,
        "The transaction has a lock time, and every sequence number is final",
    )
    .noted(hostile.psbt(), &["transaction lock-time-ineffective"]);
    case.steps[0] = case.steps[0].clone().showing(&["has no effect"]);
    case
}
