//! Which payments share a transaction.

use std::collections::HashSet;
use std::ops::Range;

use bitcoin::{Amount, Weight};

use super::draw::Seed;
use super::error::PlanError;
use super::select::{self, Need, Selection};
use super::weight::Shape;
use super::{Coin, Payee};

/// Payments that follow each other in the list, and the coins that pay them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) payments: Range<usize>,
    pub(super) selection: Selection,
}

/// How a list is divided and paid.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Each transaction at the least cost.
    Cheapest,
    /// Each transaction with as few coins as possible, and at most so many: leaves coins to the
    /// others.
    Sparing { max_inputs: usize },
}

/// Divides the list into groups and picks coins for each.
///
/// The cheapest manner comes first. Where it uses up coins that later transactions need, sparing
/// manners follow.
pub(super) fn assign(
    coins: &[Coin],
    payees: &[Payee],
    shape: &Shape,
    max_weight: Weight,
    seed: &Seed,
) -> Result<Vec<Group>, PlanError> {
    let mut usable: Vec<Coin> = coins
        .iter()
        .filter(|coin| coin.amount > shape.input_fee)
        .copied()
        .collect();
    usable.sort_unstable_by(|a, b| {
        b.amount
            .cmp(&a.amount)
            .then_with(|| a.outpoint.cmp(&b.outpoint))
    });
    usable.dedup_by_key(|coin| coin.outpoint);
    let least = least_transactions(payees, shape, max_weight);
    refuse_shortfall(&usable, payees, shape, least)?;
    let mut max_inputs = usable.len().div_ceil(least.max(1));
    let mut manners = vec![
        Manner::Cheapest,
        Manner::Sparing {
            max_inputs: usize::MAX,
        },
    ];
    while max_inputs > 0 {
        manners.push(Manner::Sparing { max_inputs });
        max_inputs /= 2;
    }
    let attempts = manners
        .into_iter()
        .filter_map(|manner| divide(&usable, payees, shape, max_weight, manner, seed));
    match attempts.into_iter().next() {
        Some(groups) => Ok(groups),
        None => Err(explain(&usable, payees, shape, max_weight, least)),
    }
}

/// Returns how many transactions the outputs take, with one input and change in each.
fn least_transactions(payees: &[Payee], shape: &Shape, max_weight: Weight) -> usize {
    let (mut transactions, mut count, mut weight) = (1, 0, Weight::ZERO);
    for payee in payees {
        let with = weight + payee.weight();
        if count > 0 && shape.weight(1, count + 2, with, true) > max_weight {
            transactions += 1;
            (count, weight) = (1, payee.weight());
        } else {
            count += 1;
            weight = with;
        }
    }
    transactions
}

fn refuse_shortfall(
    usable: &[Coin],
    payees: &[Payee],
    shape: &Shape,
    transactions: usize,
) -> Result<(), PlanError> {
    let sum: Amount = payees.iter().map(|payee| payee.amount).sum();
    let weight: Weight = payees.iter().map(Payee::weight).sum();
    // The fee of the outputs, and of one input in each transaction; further inputs are in the
    // coins' values.
    let fees = shape.fee(transactions, payees.len(), weight, false);
    let spent: Amount = match usable.is_empty() {
        true => Amount::ZERO,
        false => shape.input_fee * transactions as u64,
    };
    let held: Amount = usable
        .iter()
        .map(|coin| coin.amount - shape.input_fee)
        .sum::<Amount>();
    let needed = sum + fees;
    match needed.checked_sub(held + spent) {
        Some(shortfall) if shortfall > Amount::ZERO => Err(PlanError::Shortfall {
            needed,
            spendable: held + spent,
            shortfall,
        }),
        _ => Ok(()),
    }
}

/// Divides the list in one manner; nothing when the coins run out before the payments do.
fn divide(
    usable: &[Coin],
    payees: &[Payee],
    shape: &Shape,
    max_weight: Weight,
    manner: Manner,
    seed: &Seed,
) -> Option<Vec<Group>> {
    let mut coins = usable.to_vec();
    let mut draw = seed.draw("coins");
    let mut groups = Vec::new();
    let mut from = 0;
    while from < payees.len() {
        let max_inputs = match manner {
            Manner::Cheapest => usize::MAX,
            Manner::Sparing { max_inputs } => max_inputs,
        };
        let start = Need {
            sum: Amount::ZERO,
            payments: 0,
            weight: Weight::ZERO,
            max_inputs,
            max_weight,
        };
        let need =
            longest(&coins, payees.get(from..)?, shape, start).filter(|need| need.payments > 0)?;
        let selection = match manner {
            Manner::Cheapest => select::cheapest(&coins, &need, shape, &mut draw),
            Manner::Sparing { .. } => select::fewest(&coins, &need, shape),
        }?;
        let used: HashSet<_> = selection.coins.iter().map(|coin| coin.outpoint).collect();
        coins.retain(|coin| !used.contains(&coin.outpoint));
        let payments = from..from + need.payments;
        from = payments.end;
        groups.push(Group {
            payments,
            selection,
        });
    }
    Some(groups)
}

/// Takes as many payments as the largest coins can pay within the bounds.
fn longest(coins: &[Coin], payees: &[Payee], shape: &Shape, start: Need) -> Option<Need> {
    let mut need = start;
    let (mut inputs, mut held) = (0, Amount::ZERO);
    for payee in payees {
        let more = Need {
            sum: need.sum + payee.amount,
            payments: need.payments + 1,
            weight: need.weight + payee.weight(),
            ..need
        };
        while held < more.least(inputs, shape) {
            let Some(coin) = coins.get(inputs) else {
                return Some(need);
            };
            held += coin.amount;
            inputs += 1;
        }
        if !more.fits(inputs, shape) {
            return Some(need);
        }
        need = more;
    }
    Some(need)
}

/// Says why no manner paid the list, although the money is there.
fn explain(
    usable: &[Coin],
    payees: &[Payee],
    shape: &Shape,
    max_weight: Weight,
    least: usize,
) -> PlanError {
    // A payment that the largest coins cannot pay within the weight bound has no use for more
    // transactions.
    for (payment, payee) in payees.iter().enumerate() {
        let need = Need {
            sum: payee.amount,
            payments: 1,
            weight: payee.weight(),
            max_inputs: usize::MAX,
            max_weight,
        };
        if select::fewest(usable, &need, shape).is_none() {
            return PlanError::CoinsTooSmall {
                payment,
                amount: payee.amount,
                max_weight,
            };
        }
    }
    let sum: Amount = payees.iter().map(|payee| payee.amount).sum();
    let weight: Weight = payees.iter().map(Payee::weight).sum();
    let each = (sum + shape.fee(least, payees.len(), weight, true))
        .to_sat()
        .div_ceil(least.max(1) as u64);
    let largest = payees
        .iter()
        .map(|payee| payee.amount)
        .max()
        .unwrap_or_default();
    PlanError::TooFewCoins {
        needed: least,
        available: usable.len(),
        each: Amount::from_sat(each) + largest + shape.tolerance,
    }
}
