//! Fees of a run add up.

use bitcoin::Amount;

use crate::review::context::FeeLimits;
use crate::review::facts::sum;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;
use crate::review::reviewed::Reviewed;

/// `run-fees-high`: what is within the bounds of each transaction adds up. The bound of a run is a
/// fixed sum, or a share of what it pays to others, whichever is more; data and what stays in the
/// vault are paid to nobody.
pub(super) fn fees_high(
    reviews: &[&Reviewed],
    fees: Option<Amount>,
    limits: &FeeLimits,
) -> Option<Finding> {
    let to_others = reviews.iter().flat_map(|reviewed| {
        let outputs = reviewed.report().outputs.iter();
        outputs
            .filter(|output| output.owner.is_none())
            .filter(|output| matches!(output.class, OutputClass::Payment | OutputClass::Unknown))
            .map(|output| output.amount)
    });
    // One alone has its own bound.
    let paid = sum(to_others).filter(|_| reviews.len() > 1)?;
    let share = u128::from(paid.to_sat()) * u128::from(limits.run_permille) / 1000;
    let share = Amount::from_sat(u64::try_from(share).ok()?);
    let limit = limits.run_above.max(share);
    let found = fees.filter(|fees| *fees > limit)?;
    let kind = FindingKind::RunFeesHigh {
        limit,
        found,
        paid,
        transactions: reviews.len(),
    };
    Some(Finding::new(Place::Run, kind))
}
