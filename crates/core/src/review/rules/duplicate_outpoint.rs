//! `duplicate-outpoint`: no coin is spent twice (consensus; CVE-2018-17144). Every input is
//! compared with all others.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, first) in &facts.duplicates {
        let outpoint = facts.inputs[*index].outpoint;
        let kind = FindingKind::DuplicateOutpoint {
            outpoint,
            first: *first,
        };
        findings.push(Finding::new(Place::Input(*index), kind));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Coin, Scenario, sat};

    #[test]
    fn hostile_cases() {
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.coins[1] = scenario.coins[0].clone())
            .with(|scenario| scenario.outputs[1].txout.value = sat(69_990_000))
            .expect(
                "one coin twice",
                "duplicate_outpoint",
                &["input 1 duplicate-outpoint"],
            );
        // Some programs stop comparing after the first hundred.
        Scenario::new(ScriptType::Taproot)
            .with(|scenario| {
                scenario.coins = (0..150)
                    .map(|salt| Coin {
                        amount: sat(1_000_000),
                        salt,
                        ..scenario.coins[0].clone()
                    })
                    .collect();
                scenario.coins[149] = scenario.coins[120].clone();
            })
            .with(|scenario| scenario.outputs[1].txout.value = sat(99_990_000))
            .expect(
                "beyond the hundredth input",
                "duplicate_outpoint",
                &["input 149 duplicate-outpoint"],
            );
    }
}
