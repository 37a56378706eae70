//! `transaction-version`: versions 1, 2 (BIP68) and 3 (BIP431), which nodes relay and whose rules
//! are known.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let found = facts.parsed.unsigned_tx().version.0;
    if !(1..=3).contains(&found) {
        findings.push(Finding::new(
            Place::Transaction,
            FindingKind::TransactionVersion { found },
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::Scenario;

    #[test]
    fn hostile_cases() {
        let version = |version: i32| {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| scenario.version = bitcoin::transaction::Version(version))
        };
        for known in [1, 2, 3] {
            version(known).expect_clean("a version that is known");
        }
        for unknown in [0, 4, -1, i32::MIN, i32::MAX] {
            version(unknown).expect(
                "a version that is not",
                "transaction_version",
                &["transaction transaction-version"],
            );
        }
    }
}
