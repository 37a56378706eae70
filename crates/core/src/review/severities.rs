//! Findings that an operator takes more seriously than the rules do.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::finding::{Finding, FindingReport, Severity};

/// The least severity of findings, by code. It raises and never lowers, so that no entry can make a
/// signer more lenient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severities(BTreeMap<String, Severity>);

/// No finding is raised.
pub(super) static AS_THEY_ARE: Severities = Severities(BTreeMap::new());

impl Severities {
    /// Returns the least severity of a code.
    pub fn least(&self, code: &str) -> Severity {
        self.0.get(code).copied().unwrap_or(Severity::Note)
    }

    /// Raises the findings of a report, of a run or of a journal, and puts refusals first, then
    /// warnings, then notes.
    pub fn raise(&self, findings: &mut [FindingReport]) {
        for finding in findings.iter_mut() {
            finding.severity = finding.severity.max(self.least(&finding.code));
        }
        findings.sort_by_key(|finding| Reverse(finding.severity));
    }

    /// The same for findings that are not reported yet.
    pub(super) fn raise_findings(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut() {
            *finding = finding.clone().raised_to(self.least(finding.code()));
        }
        findings.sort_by_key(|finding| Reverse(finding.severity()));
    }
}

/// The strictest of several entries for one code holds.
impl<C: Into<String>> FromIterator<(C, Severity)> for Severities {
    fn from_iter<I: IntoIterator<Item = (C, Severity)>>(entries: I) -> Self {
        let mut severities = Self::default();
        for (code, severity) in entries {
            let least = severities.0.entry(code.into()).or_insert(severity);
            *least = (*least).max(severity);
        }
        severities
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptType;
    use crate::review::testing::{Scenario, their_script};

    fn severity(scenario: &Scenario, code: &str) -> Severity {
        let reviewed = scenario.review();
        let report = reviewed
            .report()
            .findings
            .iter()
            .find(|found| found.code == code);
        let finding = reviewed
            .findings()
            .iter()
            .find(|found| found.code() == code);
        assert_eq!(report.unwrap().severity, finding.unwrap().severity());
        finding.unwrap().severity()
    }

    fn dust_under(entries: &[(&str, Severity)]) -> Scenario {
        let severities = entries.iter().copied().collect();
        Scenario::new(ScriptType::Segwit).with(|scenario| {
            scenario.pay(their_script(30), 100);
            scenario.severities = severities;
        })
    }

    #[test]
    fn severities_only_rise() {
        let code = "dust-output";
        let cases: [(&[(&str, Severity)], Severity); 6] = [
            (&[], Severity::Warning),
            (&[(code, Severity::Note)], Severity::Warning),
            (&[(code, Severity::Refusal)], Severity::Refusal),
            (&[("other", Severity::Refusal)], Severity::Warning),
            (
                &[(code, Severity::Refusal), (code, Severity::Note)],
                Severity::Refusal,
            ),
            (
                &[(code, Severity::Note), (code, Severity::Refusal)],
                Severity::Refusal,
            ),
        ];
        for (entries, expected) in cases {
            let scenario = dust_under(entries);
            assert_eq!(severity(&scenario, code), expected, "{entries:?}");
            assert_eq!(
                scenario.review().has_refusal(),
                expected == Severity::Refusal,
                "{entries:?}"
            );
        }
    }

    #[test]
    fn a_note_can_become_a_refusal() {
        let severities: Severities = [("already-signed", Severity::Refusal)]
            .into_iter()
            .collect();
        let scenario =
            Scenario::new(ScriptType::Segwit).with(|scenario| scenario.severities = severities);
        let signature = scenario.signature(0, 0x01);
        let scenario = scenario.signed(signature);
        assert_eq!(severity(&scenario, "already-signed"), Severity::Refusal);
        assert_eq!(scenario.review().warning_codes(), Vec::<&str>::new());
    }

    #[test]
    fn reports_are_raised_and_sorted_again() {
        let found = |code: &str, severity| FindingReport {
            code: code.into(),
            severity,
            place: crate::review::Place::Transaction,
            expected: None,
            found: None,
            message: String::new(),
        };
        let mut findings = vec![
            found("first", Severity::Warning),
            found("second", Severity::Note),
            found("third", Severity::Note),
        ];
        let severities: Severities = [("third", Severity::Refusal), ("first", Severity::Note)]
            .into_iter()
            .collect();
        severities.raise(&mut findings);
        let found: Vec<_> = findings
            .iter()
            .map(|found| (found.code.as_str(), found.severity))
            .collect();
        let expected = [
            ("third", Severity::Refusal),
            ("first", Severity::Warning),
            ("second", Severity::Note),
        ];
        assert_eq!(found, expected);
    }
}
