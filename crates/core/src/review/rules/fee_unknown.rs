//! `fee-unknown`: the fee rests on proven amounts only. What makes it unknown has a finding of its
//! own.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.fee.is_none() {
        findings.push(Finding::new(Place::Transaction, FindingKind::FeeUnknown));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::fields;
    use crate::review::testing::Scenario;

    /// The rule stands behind all that make an amount doubtful; here behind a foreign coin whose
    /// amount is only claimed.
    #[test]
    fn no_fee_rests_on_claims() {
        let scenario = Scenario::new(ScriptType::Segwit).edit(|raw| {
            raw.inputs[1].remove_type(fields::input::BIP32_DERIVATION);
            raw.inputs[1].remove_type(fields::input::NON_WITNESS_UTXO);
        });
        let findings = [
            "input 1 foreign-input",
            "input 1 foreign-amount-unproven",
            "transaction fee-unknown",
        ];
        scenario.expect("a foreign coin's claim", "fee_unknown", &findings);
        let reviewed = scenario.review();
        assert_eq!(
            (reviewed.report().fee, reviewed.report().totals.inputs),
            (None, None)
        );
    }
}
