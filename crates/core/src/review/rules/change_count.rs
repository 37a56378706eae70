//! `several-change-outputs`: one output goes to change, as coin selection makes it.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let found = facts
        .outputs
        .iter()
        .filter(|output| output.class == OutputClass::Change)
        .count();
    if found > 1 {
        findings.push(Finding::new(
            Place::Transaction,
            FindingKind::SeveralChangeOutputs { found },
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};
    use crate::wallet::Branch;

    #[test]
    fn hostile_cases() {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay_own(Branch::Change, 8, 9_990_000);
            })
            .expect(
                "change in two parts",
                "change_count",
                &["transaction several-change-outputs"],
            );
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay_own(Branch::Receive, 8, 9_990_000);
            })
            .expect_clean("change and a transfer to self");
    }
}
