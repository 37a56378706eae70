//! Findings: what the rules have to say about a transaction.

mod kind;
mod words;

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::kind::{DerivationFault, FindingKind};
use super::budget::Exceeded;
use super::place::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Signed only if the operator accepts it.
    Warning,
    /// Never signed.
    Refusal,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Refusal => "refusal",
        })
    }
}

/// One fact of a review that a rule points out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The part of the transaction it is about.
    pub place: Place,
    /// What it is.
    pub kind: FindingKind,
    severity: Severity,
}

impl Finding {
    pub(in crate::review) fn new(place: Place, kind: FindingKind) -> Self {
        let severity = kind.severity();
        Self {
            place,
            kind,
            severity,
        }
    }

    /// Returns the code, which is stable.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Returns how much it weighs.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns the finding with at least this severity. A lower one than before changes nothing.
    #[must_use]
    pub fn raised_to(self, least: Severity) -> Self {
        Self {
            severity: self.severity.max(least),
            ..self
        }
    }

    /// Returns the finding as `--json` shows it.
    pub fn report(&self) -> FindingReport {
        let (expected, found) = self.kind.comparison();
        FindingReport {
            code: self.code().into(),
            severity: self.severity(),
            place: self.place,
            expected: expected.map(|text| shortened(&text)),
            found: found.map(|text| shortened(&text)),
            message: self.kind.to_string(),
        }
    }
}

/// How many findings of one code and one severity are listed: enough to see what it is about,
/// whoever makes thousands.
const LISTED: usize = 20;

/// How many characters of what was expected or found are shown: some of it has whatever length
/// somebody else chose.
const SHOWN: usize = 300;

/// Findings that are there and not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoreFindings {
    /// Their code.
    pub code: String,
    /// How much they weigh.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
}

/// Leaves the first of each code and severity in a list of findings, and counts the others in
/// `more`. No code and no severity vanishes, so that what follows from them stays the same.
pub fn list<T>(
    findings: &mut Vec<T>,
    more: &mut Vec<MoreFindings>,
    finding: impl Fn(&T) -> &FindingReport,
) {
    let mut counts: HashMap<(String, Severity), usize> = HashMap::new();
    findings.retain(|listed| {
        let finding = finding(listed);
        let count = counts
            .entry((finding.code.clone(), finding.severity))
            .or_default();
        *count += 1;
        let stays = *count <= LISTED;
        if !stays {
            MoreFindings::add(more, &finding.code, finding.severity, 1);
        }
        stays
    });
}

impl MoreFindings {
    /// Adds to a count.
    pub fn add(more: &mut Vec<MoreFindings>, code: &str, severity: Severity, count: u64) {
        let same = |left: &&mut MoreFindings| left.code == code && left.severity == severity;
        match more.iter_mut().find(same) {
            Some(left) => left.count += count,
            None => more.push(MoreFindings {
                code: code.into(),
                severity,
                count,
            }),
        }
    }
}

impl Exceeded {
    /// Returns the refusal that says so.
    pub fn finding(self, place: Place) -> FindingReport {
        Finding::new(place, FindingKind::WorkExceeded { exceeded: self }).report()
    }
}

/// Reports findings in their order, and lists them.
pub(in crate::review) fn listed(findings: &[Finding]) -> (Vec<FindingReport>, Vec<MoreFindings>) {
    let mut counts: HashMap<(&'static str, Severity), u64> = HashMap::new();
    let mut listed = Vec::new();
    for finding in findings {
        let count = counts
            .entry((finding.code(), finding.severity()))
            .or_default();
        *count += 1;
        if *count <= LISTED as u64 {
            listed.push(finding.report());
        }
    }
    let mut more: Vec<MoreFindings> = counts
        .into_iter()
        .filter(|(_, count)| *count > LISTED as u64)
        .map(|((code, severity), count)| MoreFindings {
            code: code.into(),
            severity,
            count: count - LISTED as u64,
        })
        .collect();
    more.sort_by(|one, other| (other.severity, &one.code).cmp(&(one.severity, &other.code)));
    (listed, more)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!(
            "{}... ({} characters)",
            text.get(..end).unwrap_or_default(),
            text.chars().count()
        ),
        None => text.to_owned(),
    }
}

/// A finding as screens and `--json` show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingReport {
    /// The code, which is stable.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The part of the transaction it is about.
    #[serde(rename = "where")]
    pub place: Place,
    /// What was expected, where that can be said.
    pub expected: Option<String>,
    /// What was found, where that can be said.
    pub found: Option<String>,
    /// Cause and remedy in words.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use bitcoin::{Amount, ScriptBuf, TxOut};

    use super::*;

    fn lost(sat: u64) -> FindingReport {
        let found = Amount::from_sat(sat);
        Finding::new(Place::Output(0), FindingKind::DataOutputAmount { found }).report()
    }

    #[test]
    fn of_each_code_and_severity_the_first_are_listed_and_the_others_counted() {
        let mut findings: Vec<FindingReport> = (0..50).map(lost).collect();
        let other = Finding::new(Place::Transaction, FindingKind::ForeignWallet).report();
        findings.push(other.clone());
        let mut more = Vec::new();
        list(&mut findings, &mut more, |finding| finding);
        assert_eq!(findings.len(), LISTED + 1);
        assert_eq!(findings.last(), Some(&other), "no code vanishes");
        let left = |count| MoreFindings {
            code: "data-output-amount".into(),
            severity: Severity::Refusal,
            count,
        };
        assert_eq!(more, [left(30)]);
        findings.push(lost(7));
        list(&mut findings, &mut more, |finding| finding);
        assert_eq!(more, [left(31)]);
    }

    #[test]
    fn what_somebody_else_made_long_is_cut() {
        let coin = |length| TxOut {
            value: Amount::ONE_SAT,
            script_pubkey: ScriptBuf::from_bytes(vec![7; length]),
        };
        let kind = FindingKind::UtxoFieldsDiffer {
            previous: coin(20),
            claimed: coin(9_000),
        };
        let report = Finding::new(Place::Input(0), kind).report();
        let (expected, found) = (report.expected.unwrap(), report.found.unwrap());
        assert!(!expected.contains("..."), "{expected}");
        assert!(
            found.len() < SHOWN + 30 && found.ends_with(" characters)"),
            "{found}"
        );
    }
}
