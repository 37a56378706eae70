//! What the policy's rule for amounts says of a file, beside the review.

use cofferdam_core::psbt::Parsed;
use cofferdam_core::review::{AmountProof, FindingReport, Place, Report, Severity};

use crate::policy::NotAllowed;

/// `amounts-not-allowed`: the file needs remembered amounts, and what they need is not given.
///
/// `reason` tells why the vault cannot remember, where the operator chose that it shall. Where it
/// does, every input is signed in one run: a signature from elsewhere may be one round of the
/// two-round fee attack (CVE-2020-14199).
pub(super) fn findings(
    report: &Report,
    parsed: &Parsed,
    reason: Option<NotAllowed>,
) -> Vec<FindingReport> {
    let is_remembered = |proof| proof == Some(AmountProof::Remembered);
    if report.inputs.iter().any(|input| is_remembered(input.proof)) {
        let finished = parsed.inputs().iter().enumerate();
        return finished
            .filter(|(_, input)| input.is_final())
            .map(|(index, _)| {
                let message = "the input is signed and finished already, and next to amounts that are only remembered every \
                               input is signed in one run; give the PSBT as it was before, or export it with previous \
                               transactions";
                finding(Place::Input(index), message.into())
            })
            .collect();
    }
    let is_missing = |finding: &FindingReport| finding.code == "previous-transaction-missing";
    let reason = reason.filter(|_| report.findings.iter().any(is_missing));
    reason
        .map(|reason| {
            let message = format!(
                "the policy says that amounts are remembered, and yet they are not: {reason}"
            );
            finding(Place::Transaction, message)
        })
        .into_iter()
        .collect()
}

fn finding(place: Place, message: String) -> FindingReport {
    FindingReport {
        code: "amounts-not-allowed".into(),
        severity: Severity::Refusal,
        place,
        expected: Some("amounts proven".into()),
        found: Some("amounts claimed".into()),
        message,
    }
}
