//! What may be put before the operator.

use cofferdam_core::review::Severity;

use super::examine::Examined;
use crate::journal::RefusalRecord;
use crate::protocol::RunReview;

/// A run that no rule refuses.
pub(crate) struct Permitted(Examined);

/// A run that is refused: what the journal records of it.
pub(crate) struct Refused {
    /// Each file's record and the codes of its refusals and the run's.
    pub(crate) records: Vec<RefusalRecord>,
    /// What the operator is shown.
    pub(crate) review: RunReview,
}

/// Lets a run pass that no rule refuses: neither the review's, nor the run's, nor the journal's.
pub(crate) fn permit(examined: Examined) -> Result<Permitted, Box<Refused>> {
    let refusal = |severity| severity == Severity::Refusal;
    let findings = &examined.review().findings;
    if !findings.iter().any(|found| refusal(found.finding.severity)) {
        return Ok(Permitted(examined));
    }
    Err(Box::new(Refused {
        records: examined.refused(|finding| refusal(finding.severity)),
        review: examined.review().clone(),
    }))
}

impl Permitted {
    /// Returns what the operator is shown.
    pub(crate) fn review(&self) -> &RunReview {
        self.0.review()
    }

    /// Returns what the journal records when the operator does not consent, for the reason given
    /// by `codes`.
    pub(crate) fn refused(&self, codes: &[String]) -> Vec<RefusalRecord> {
        self.0.refused_by(codes)
    }

    pub(super) fn into_examined(self) -> Examined {
        self.0
    }
}
