//! What is worth telling about a plan before it is stored.

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::PayoutError;
use super::document::ListDocument;

/// The most findings of a code that are listed; the others are counted.
const MAX_LISTED: usize = 100;

/// The codes that `--accept` takes.
pub const ACCEPTABLE: [&str; 4] = [PAYMENT_OPEN, FEE_RATE_HIGH, FEE_SHARE_HIGH, FEE_TOO_HIGH];

/// Another list pays, or may still pay, the same payee as much.
pub const PAYMENT_OPEN: &str = "payment-open";
/// The payee was paid before.
pub(crate) const PAID_BEFORE: &str = "paid-before";
/// An identifier looks like one that was planned before.
pub(crate) const PAYOUT_ID_SIMILAR: &str = "payout-id-similar";
/// The fee rate is out of the ordinary.
pub(crate) const FEE_RATE_HIGH: &str = "fee-rate-high";
/// The fee is a large part of what is paid.
pub(crate) const FEE_SHARE_HIGH: &str = "fee-share-high";
/// The fee is more than the signer takes.
pub(crate) const FEE_TOO_HIGH: &str = "fee-too-high";

/// A list, with what is worth telling about its plan.
#[derive(Clone, Debug)]
pub struct PlannedDocument {
    /// The list.
    pub list: ListDocument,
    /// What the plan has to tell: notes, and warnings that were accepted. Documents have it among
    /// the list's findings.
    pub findings: Vec<Finding>,
}

impl Serialize for PlannedDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serde_json::to_value(&self.list).map_err(S::Error::custom)?;
        let told = serde_json::to_value(&self.findings).map_err(S::Error::custom)?;
        if let (Some(Value::Array(findings)), Value::Array(mut told)) =
            (document.get_mut("findings"), told)
        {
            findings.append(&mut told);
        }
        document.serialize(serializer)
    }
}

/// One thing that is worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The payment, or what else it is about.
    #[serde(rename = "where")]
    pub place: String,
    /// What is usual.
    pub expected: Option<u64>,
    /// What was found.
    pub found: Option<u64>,
    /// The cause, in words.
    pub message: String,
    /// What was paid before.
    #[serde(flatten)]
    pub earlier: Option<Earlier>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be known.
    Note,
    /// To be accepted by its code.
    Warning,
}

/// An earlier payment, as findings name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// The list; null when no list of this ledger has it.
    pub list: Option<String>,
    /// What it is known by.
    pub payout_id: Option<String>,
    /// The state of its transaction; "seen" of one that is in no block and no memory pool any more.
    pub state: &'static str,
    /// The amount, in satoshi; null where the identifier alone is alike.
    pub amount_sat: Option<u64>,
    /// When its block was mined, or else when it was planned or first seen, in RFC 3339.
    pub date: Option<String>,
    /// Its txid, as far as it is known.
    pub txid: Option<String>,
}

/// Findings as they are made; of each code at most a hundred, and a count.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    listed: Vec<Finding>,
    /// Code, severity and number of those that are not listed.
    more: Vec<(&'static str, Severity, u64)>,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let code = finding.code;
        if self
            .listed
            .iter()
            .filter(|listed| listed.code == code)
            .count()
            < MAX_LISTED
        {
            self.listed.push(finding);
            return;
        }
        match self.more.iter_mut().find(|(more, ..)| *more == code) {
            Some((.., count)) => *count += 1,
            None => self.more.push((code, finding.severity, 1)),
        }
    }

    /// Whether another finding of a code would be listed.
    pub(super) fn has_room(&self, code: &str) -> bool {
        self.listed
            .iter()
            .filter(|listed| listed.code == code)
            .count()
            < MAX_LISTED
    }

    /// Returns the findings, unless one of them is a warning whose code was not accepted.
    pub(super) fn accepted(self, accept: &[String]) -> Result<Vec<Finding>, PayoutError> {
        let mut findings = self.listed;
        for (code, severity, count) in self.more {
            findings.push(Finding {
                code,
                severity,
                place: "list".into(),
                expected: None,
                found: Some(count),
                message: format!("and {count} more of the kind"),
                earlier: None,
            });
        }
        let is_open = |finding: &Finding| {
            finding.severity == Severity::Warning && !accept.iter().any(|code| code == finding.code)
        };
        match findings.iter().any(is_open) {
            false => Ok(findings),
            true => {
                findings.retain(is_open);
                Err(PayoutError::NotAccepted(findings))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, severity: Severity) -> Finding {
        Finding {
            code,
            severity,
            place: "a".into(),
            expected: None,
            found: None,
            message: "m".into(),
            earlier: None,
        }
    }

    #[test]
    fn warnings_are_accepted_by_their_codes_and_listed_up_to_a_bound() {
        let make = || {
            let mut findings = Findings::default();
            for _ in 0..1_000 {
                findings.add(finding(PAYMENT_OPEN, Severity::Warning));
            }
            findings.add(finding(PAID_BEFORE, Severity::Note));
            findings
        };
        let all = make().accepted(&[PAYMENT_OPEN.into()]).unwrap();
        assert_eq!(all.len(), MAX_LISTED + 2);
        assert_eq!(all[MAX_LISTED + 1].found, Some(900));
        let Err(PayoutError::NotAccepted(open)) = make().accepted(&[FEE_RATE_HIGH.into()]) else {
            panic!("a warning went through");
        };
        assert_eq!(open.len(), MAX_LISTED + 1);
        assert!(open.iter().all(|finding| finding.code == PAYMENT_OPEN));
    }
}
