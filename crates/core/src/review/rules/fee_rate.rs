//! `fee-rate-too-high`: the fee rate is at most [`FeeLimits::max_sat_per_kvb`](crate::review::FeeLimits::max_sat_per_kvb).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let limit = facts.context.fee_limits.max_sat_per_kvb;
    if let Some(fee) = facts.fee.filter(|fee| fee.sat_per_kvb > limit) {
        let kind = FindingKind::FeeRateTooHigh {
            limit,
            found: fee.sat_per_kvb,
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
        let with_fee = |fee: u64| {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| scenario.outputs[1].txout.value = sat(50_000_000 - fee))
        };
        let vsize = with_fee(10_000).review().report().fee.unwrap().vsize;
        with_fee(1_000 * vsize).expect_clean("1,000 sat/vB");
        with_fee(1_000 * vsize + vsize / 1_000 + 1).expect(
            "a little more",
            "fee_rate",
            &["transaction fee-rate-too-high"],
        );
    }
}
