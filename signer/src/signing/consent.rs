//! The operator's consent.

use std::collections::HashSet;

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;
use cofferdam_core::wallet::WalletId;

use super::examine::Examined;
use super::permit::Permitted;
use crate::journal::{Event, Superseded};
use crate::protocol::{Consent, Digest};

/// A run that the operator consented to, as it was shown. The only thing that [`super::sign`]
/// takes.
pub(crate) struct Consented {
    examined: Examined,
}

/// The operator did not consent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConsented {
    /// The operator said no.
    #[error("the operator declined; nothing was signed")]
    Declined,
    /// The consent names another review.
    #[error("the consent is for review {consented}, and this is {found}; nothing was signed")]
    OtherReview {
        /// The digest that the consent names.
        consented: Digest,
        /// The digest of this review.
        found: Digest,
    },
    /// A warning was not accepted.
    #[error("not every warning was accepted ({}); nothing was signed", .0.join(", "))]
    Warnings(Vec<String>),
}

impl NotConsented {
    /// Returns the codes that the journal records.
    pub(crate) fn codes(&self) -> Vec<String> {
        match self {
            NotConsented::Declined => vec!["declined".into()],
            NotConsented::OtherReview { .. } => vec!["other-review".into()],
            NotConsented::Warnings(codes) => codes.clone(),
        }
    }
}

/// Takes the operator's consent to exactly what was shown.
pub(crate) fn consented(
    permitted: Permitted,
    consent: &Consent,
    supersede: &[Txid],
) -> Result<Consented, (NotConsented, Box<Permitted>)> {
    let refused = |reason, permitted| Err((reason, Box::new(permitted)));
    let Consent::Sign { review, accept } = consent else {
        return refused(NotConsented::Declined, permitted);
    };
    let shown = permitted.review();
    if *review != shown.review {
        let reason = NotConsented::OtherReview {
            consented: *review,
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
        return refused(NotConsented::Warnings(left), permitted);
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
    Ok(Consented { examined })
}

impl Consented {
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
