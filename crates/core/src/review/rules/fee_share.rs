//! `fee-share-high`: the fee is a small share of what leaves the wallet.
//!
//! A transaction that only makes change has an infinite share: it does not dodge the rule.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let limits = facts.context.fee_limits;
    let (Some(fee), Some(leaves)) = (facts.fee, facts.totals.leaves) else {
        return;
    };
    let share = u128::from(fee.amount.to_sat()) * 1000;
    let bound = u128::from(leaves.to_sat()) * u128::from(limits.warn_permille);
    if fee.amount > limits.warn_above && share > bound {
        let kind = FindingKind::FeeShareHigh {
            limit: limits.warn_permille,
            found: fee.permille,
            fee: fee.amount,
        };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};
    use crate::wallet::Branch;

    #[test]
    fn hostile_cases() {
        let paying = |payment: u64, fee: u64| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                scenario.outputs[0].txout.value = sat(payment);
                scenario.outputs[1].txout.value = sat(100_000_000 - payment - fee);
            })
        };
        let warned = ["transaction fee-share-high"];
        paying(200_000, 20_000).expect_clean("10 %");
        paying(200_000, 20_001).expect("more than 10 %", "fee_share", &warned);
        paying(10_000, 10_000).expect_clean("10,000 satoshi are never much");
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs.remove(0);
                scenario.outputs[0].txout.value = sat(99_900_000);
            })
            .expect("all change, a great fee", "fee_share", &warned);
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs.clear();
                scenario.pay_own(Branch::Receive, 5, 99_989_999);
            })
            .expect("all to ourselves, a great fee", "fee_share", &warned);
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[0].txout.value = sat(1);
                scenario.outputs[1].txout.value = sat(99_980_000);
            })
            .expect(
                "a satoshi is paid",
                "fee_share",
                &["output 0 dust-output", warned[0]],
            );
    }
}
