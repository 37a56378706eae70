//! Findings: what the rules have to say about a transaction.

mod kind;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::kind::{DerivationFault, FindingKind};
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
            expected,
            found,
            message: self.kind.to_string(),
        }
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
