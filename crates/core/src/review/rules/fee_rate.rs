//! `fee-rate-too-high`: the fee rate is at most
//! [`FeeLimits::max_sat_per_kvb`](crate::review::FeeLimits::max_sat_per_kvb), where a byte of data
//! outputs counts a tenth where they are more than small: else 10 kB of data would hide a fee of
//! 0.1 BTC.

use bitcoin::Amount;

use super::data_outputs_large::SMALL;
use crate::review::facts::Facts;
use crate::review::fee::Fee;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

/// So many bytes of data count like one of anything else.
const DATA_COUNTS: u64 = 10;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let limit = facts.context.fee_limits.max_sat_per_kvb;
    let data = facts.data_vsize();
    let counted = |fee: Fee| match data {
        ..=SMALL => fee.sat_per_kvb,
        _ => {
            let vsize = fee.vsize.saturating_sub(data) + data / DATA_COUNTS;
            Fee::new(fee.amount, vsize, Amount::ZERO).sat_per_kvb
        }
    };
    if let Some(found) = facts.fee.map(counted).filter(|found| *found > limit) {
        let kind = FindingKind::FeeRateTooHigh { limit, found };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};

    /// 10 kB of data make a rate of 970 sat/vB of one that would be 39,000.
    #[test]
    fn data_does_not_keep_the_rate_low() {
        let with_fee = |fee: u64| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                let mut script = vec![0x6a];
                script.resize(10_001, 0);
                scenario.pay(bitcoin::ScriptBuf::from_bytes(script), 0);
                scenario.outputs[1].txout.value = sat(50_000_000 - fee);
            })
        };
        let found = |fee: u64| {
            let reviewed = with_fee(fee).review();
            let findings = reviewed.report().findings.clone();
            findings
                .iter()
                .any(|finding| finding.code == "fee-rate-too-high")
        };
        assert!(found(9_990_000));
        assert!(!found(500_000), "49 sat/vB");
    }

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
