//! The rule that a `payout_id` is unique for ever.

use std::collections::{HashMap, HashSet};

use bitcoin::OutPoint;

use crate::csv::{PayoutId, PayoutList};
use crate::store::Connection;
use crate::store::payouts::{self, EarlierPayment, ListKind, Progress};

use super::PayoutError;
use super::draft::Draft;

/// Refuses identifiers that were planned before.
///
/// One may be planned again only if it was never exported and is cancelled, or in a transaction that spends the anchors of
/// all the earlier ones: then at most one of them can ever confirm.
pub(super) async fn refuse_known(db: &mut Connection, draft: &Draft) -> Result<(), PayoutError> {
    let within: HashMap<&str, u32> = draft
        .payments
        .iter()
        .filter_map(|payment| Some((payment.payout_id.as_deref()?, payment.transaction)))
        .collect();
    let spent: HashSet<(u32, OutPoint)> = draft
        .transactions
        .iter()
        .flat_map(|transaction| {
            transaction
                .inputs
                .iter()
                .map(|input| (transaction.number, input.outpoint))
        })
        .collect();
    let spends_anchor = |earlier: &EarlierPayment| {
        let number = within.get(earlier.payout_id.as_str());
        number.is_some_and(|number| spent.contains(&(*number, earlier.anchor)))
    };
    let ids: Vec<&str> = within.keys().copied().collect();
    let mut known = payouts::earlier(db, &ids).await?;
    known.retain(|earlier| !was_never_exported(earlier) && !spends_anchor(earlier));
    known.sort_by(|a, b| a.payout_id.cmp(&b.payout_id));
    match known.is_empty() {
        true => Ok(()),
        false => Err(PayoutError::KnownIds(known)),
    }
}

fn was_never_exported(earlier: &EarlierPayment) -> bool {
    earlier.cancelling && earlier.progress == Progress::Planned
}

/// Refuses a file of which a list was made before, unless all of that list was cancelled before it was exported.
pub(super) async fn refuse_same_file(db: &mut Connection, sha256: &[u8; 32]) -> Result<(), PayoutError> {
    for list in payouts::by_file(db, sha256).await? {
        let transactions = payouts::headers(db, list.no).await?;
        let void = transactions
            .iter()
            .all(|transaction| transaction.cancelling && transaction.progress == Progress::Planned);
        if list.kind == ListKind::Payout && !void {
            return Err(PayoutError::SameFile { list: list.id });
        }
    }
    Ok(())
}

/// Refuses a list that could not be planned, and of which something was planned before: that holds the coins.
pub(super) async fn refuse_planned(db: &mut Connection, list: &PayoutList) -> Result<(), PayoutError> {
    let ids: Vec<&str> = list
        .payments()
        .iter()
        .filter_map(|payment| payment.payout_id.as_ref())
        .map(PayoutId::as_str)
        .collect();
    let mut known = payouts::earlier(db, &ids).await?;
    known.retain(|earlier| !was_never_exported(earlier));
    match known.is_empty() {
        true => Ok(()),
        false => Err(PayoutError::KnownIds(known)),
    }
}
