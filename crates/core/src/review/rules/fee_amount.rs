//! `fee-too-high`: the fee is at most [`FeeLimits::max_fee`](crate::review::FeeLimits::max_fee).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let limit = facts.context.fee_limits.max_fee;
    if let Some(fee) = facts.fee.filter(|fee| fee.amount > limit) {
        let kind = FindingKind::FeeTooHigh {
            limit,
            found: fee.amount,
        };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};

    #[test]
    fn hostile_cases() {
        // A transaction that moves 40 BTC.
        let with_fee = |fee: u64| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.coins[0].amount = sat(4_000_000_000);
                scenario.fee_limits.max_sat_per_kvb = u64::MAX;
                scenario.outputs[0].txout.value = sat(3_000_000_000);
                scenario.outputs[1].txout.value = sat(4_040_000_000 - 3_000_000_000 - fee);
            })
        };
        let refused = ["transaction fee-too-high"];
        with_fee(10_000_000).expect_clean("0.1 BTC");
        with_fee(10_000_001).expect("one satoshi more", "fee_amount", &refused);
        let lowered = |limit| {
            with_fee(10_000)
                .with(|scenario| scenario.fee_limits = scenario.fee_limits.lowered_to(sat(limit)))
        };
        lowered(10_000).expect_clean("at the operator's bound");
        lowered(9_999).expect("above the operator's bound", "fee_amount", &refused);
        with_fee(10_000_001)
            .with(|scenario| scenario.fee_limits = scenario.fee_limits.lowered_to(sat(20_000_000)))
            .expect("the operator cannot raise it", "fee_amount", &refused);
    }
}
