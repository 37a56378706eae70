//! The operator's approval.

use std::collections::HashSet;

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;
use cofferdam_core::wallet::WalletId;

use super::examine::Examined;
use super::permit::Permitted;
use crate::journal::{Event, Superseded};
use crate::protocol::{Consent, Digest};

/// A run that the operator approved, as it was shown. The only thing that [`super::sign`] takes.
pub(crate) struct Approved {
    examined: Examined,
}

/// The operator did not approve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotApproved {
    /// The operator said no.
    #[error("the operator declined; nothing was signed")]
    Declined,
    /// The approval names another review.
    #[error("the approval is for review {approved}, and this is {found}; nothing was signed")]
    OtherReview {
        /// The digest that the approval names.
        approved: Digest,
        /// The digest of this review.
        found: Digest,
    },
    /// A warning was not accepted.
    #[error("not every warning was accepted ({}); nothing was signed", .0.join(", "))]
    Warnings(Vec<String>),
}

impl NotApproved {
    /// Returns the codes that the journal records.
    pub(crate) fn codes(&self) -> Vec<String> {
        match self {
            NotApproved::Declined => vec!["declined".into()],
            NotApproved::OtherReview { .. } => vec!["other-review".into()],
            NotApproved::Warnings(codes) => codes.clone(),
        }
    }
}

/// Takes the operator's consent to exactly what was shown.
pub(crate) fn approve(
    permitted: Permitted,
    consent: &Consent,
    supersede: &[Txid],
) -> Result<Approved, (NotApproved, Box<Permitted>)> {
    let refused = |reason, permitted| Err((reason, Box::new(permitted)));
    let Consent::Sign { review, accept } = consent else {
        return refused(NotApproved::Declined, permitted);
    };
    let shown = permitted.review();
    if *review != shown.review {
        let reason = NotApproved::OtherReview {
            approved: *review,
            found: shown.review,
        };
        return refused(reason, permitted);
    }
    let left: Vec<String> = shown
        .warnings
        .iter()
        .filter(|code| !accept.contains(code))
        .cloned()
        .collect();
    if !left.is_empty() {
        return refused(NotApproved::Warnings(left), permitted);
    }
    let accepted = shown.warnings.clone();
    let mut examined = permitted.into_examined();
    for record in &mut examined.records {
        record.accepted.clone_from(&accepted);
        record.supersedes = supersede
            .iter()
            .map(|txid| Superseded(txid.to_byte_array()))
            .collect();
    }
    Ok(Approved { examined })
}

impl Approved {
    /// Returns what the journal must hold before a signature leaves: each transaction once for each
    /// set of amounts.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut seen = Vec::new();
        let mut events = Vec::new();
        for record in &self.examined.records {
            if !seen.contains(&(record.txid, &record.inputs)) {
                seen.push((record.txid, &record.inputs));
                events.push(Event::Signed(record.clone()));
            }
        }
        events
    }

    /// Returns the wallets whose coins are spent: signing needs their keys, and no others.
    pub(crate) fn wallets(&self) -> HashSet<WalletId> {
        let reviewed = self.examined.reviewed.iter();
        reviewed
            .flat_map(|reviewed| reviewed.spends())
            .map(|spend| spend.wallet)
            .collect()
    }

    pub(super) fn into_examined(self) -> Examined {
        self.examined
    }
}
