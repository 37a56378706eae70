//! `outputs-exceed-inputs`: a transaction creates no money (consensus).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if let (Some(inputs), Some(outputs)) = (facts.totals.inputs, facts.totals.outputs)
        && outputs > inputs
    {
        let kind = FindingKind::OutputsExceedInputs { inputs, outputs };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};

    #[test]
    fn hostile_cases() {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.outputs[1].txout.value = sat(50_000_001))
            .expect(
                "one satoshi out of nothing",
                "outputs_exceed_inputs",
                &[
                    "transaction outputs-exceed-inputs",
                    "transaction fee-unknown",
                ],
            );
    }
}
