//! A review, as the worker made it and the screen shows it.

use std::fmt;
use std::path::PathBuf;

use bitcoin::hex::DisplayHex;
use cofferdam_core::review::{MoreFindings, Report, Severity, Totals};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::outcome::Unlocked;
use crate::error::FileFinding;
use crate::memory_state::MemoryState;
use crate::policy::Amounts;

/// The SHA-256 of what was reviewed: every file's bytes, and the review as it was shown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Digest(pub(crate) [u8; 32]);

/// The review of a run of one file or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunReview {
    /// The vault, its generation and its journal's head.
    pub(crate) vault: Unlocked,
    /// Whether the journal knows everything that this seed signed.
    pub(crate) memory: MemoryState,
    /// How amounts of segwit v0 coins had to be known.
    pub(crate) amounts: Amounts,
    /// The digest of what was reviewed.
    pub(crate) review: Digest,
    /// Whether signing would go ahead: no refusal. Warnings may be left to accept.
    pub(crate) would_sign: bool,
    /// The warnings to accept before signing, each once.
    pub(crate) warnings: Vec<String>,
    /// Sums over all files.
    pub(crate) totals: Totals,
    /// All findings, each with its file; those about the run as a whole first. Of each code the
    /// first few.
    pub(crate) findings: Vec<FileFinding>,
    /// What there is besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) more_findings: Vec<MoreFindings>,
    /// The files, in order.
    pub(crate) files: Vec<FileReview>,
}

/// The review of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileReview {
    /// The file.
    pub(crate) file: PathBuf,
    /// The SHA-256 of its bytes.
    pub(crate) sha256: Digest,
    /// What its transaction does, the journal's findings among the others.
    #[serde(flatten)]
    pub(crate) report: Report,
}

impl RunReview {
    /// Returns the refusals, with their files.
    pub(crate) fn refusals(&self) -> Vec<FileFinding> {
        let mut findings = self.findings.clone();
        findings.retain(|found| found.finding.severity == Severity::Refusal);
        findings
    }
}

impl Digest {
    /// Hashes bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        bitcoin::hex::FromHex::from_hex(&text)
            .map(Digest)
            .map_err(|_| "not 64 hexadecimal digits")
    }
}
