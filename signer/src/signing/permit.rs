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
    if examined.review().would_sign {
        return Ok(Permitted(examined));
    }
    let refusal = |severity| severity == Severity::Refusal;
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

    /// Returns what the journal records when the operator does not consented, for the reason given
    /// by `codes`.
    pub(crate) fn refused(&self, codes: &[String]) -> Vec<RefusalRecord> {
        self.0.refused_by(codes)
    }

    pub(super) fn into_examined(self) -> Examined {
        self.0
    }
}
