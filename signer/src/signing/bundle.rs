//! What a bundle says of its PSBTs, held against the review.

use cofferdam_core::review::{FindingReport, Place, Report, Severity};
use cofferdam_core::wallet::WalletId;

/// `bundle-wallet`: the return names one wallet, and the watcher takes it for that wallet only.
pub(super) fn finding(claimed: WalletId, report: &Report) -> Option<FindingReport> {
    let found = report.wallet.as_ref().map(|wallet| wallet.id);
    // Of what was not looked at nobody knows the wallet; it is refused by itself.
    (found != Some(claimed) && report.not_shown.is_none()).then(|| FindingReport {
        code: "bundle-wallet".into(),
        severity: Severity::Refusal,
        place: Place::Transaction,
        expected: Some(claimed.to_string()),
        found: found.map(|id| id.to_string()),
        message: "the bundle says that it is for another wallet than the one that owns the coins; export the list again \
                  from a watcher that has this wallet"
            .into(),
    })
}
