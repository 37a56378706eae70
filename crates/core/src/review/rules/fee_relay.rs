//! `fee-below-relay`: nodes relay the transaction.
//!
//! The bound is Bitcoin Core's default since version 30 (`-minrelaytxfee`).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

const MIN_RELAY_SAT_PER_KVB: u64 = 100;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if let Some(fee) = facts
        .fee
        .filter(|fee| fee.sat_per_kvb < MIN_RELAY_SAT_PER_KVB)
    {
        let kind = FindingKind::FeeBelowRelay {
            limit: MIN_RELAY_SAT_PER_KVB,
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
        let least = vsize.div_ceil(10);
        with_fee(least).expect_clean("0.1 sat/vB");
        for fee in [least - 1, 0] {
            with_fee(fee).expect("less", "fee_relay", &["transaction fee-below-relay"]);
        }
    }
}
