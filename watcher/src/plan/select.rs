//! Which coins pay a transaction.
//!
//! Three ways are tried and the one of the least waste is taken: an exact match without change
//! (branch and bound), the fewest coins, and a random draw, which gathers coins while fees are low.

use bitcoin::{Amount, Weight};

use super::Coin;
use super::draw::Draw;
use super::weight::Shape;

/// How many steps the search for a match may take: some milliseconds, as in Bitcoin Core.
const MATCH_STEPS: usize = 100_000;

/// The change that a random draw aims at, so that it is not a coin of little use.
const DRAWN_CHANGE: Amount = Amount::from_sat(50_000);

/// What is to be paid, and within which bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// The sum of the payments.
    pub(super) sum: Amount,
    /// How many they are.
    pub(super) payments: usize,
    /// What their outputs weigh.
    pub(super) weight: Weight,
    /// The most coins that may be used.
    pub(super) max_inputs: usize,
    /// The most that the transaction may weigh.
    pub(super) max_weight: Weight,
}

impl Need {
    /// Returns what coins of this number must hold at least: payments and fee, without change.
    pub(super) fn least(&self, inputs: usize, shape: &Shape) -> Amount {
        self.sum + shape.fee(inputs, self.payments, self.weight, false)
    }

    /// Returns whether so many coins fit, beside the payments and change.
    pub(super) fn fits(&self, inputs: usize, shape: &Shape) -> bool {
        inputs <= self.max_inputs
            && shape.weight(inputs, self.payments + 1, self.weight, true) <= self.max_weight
    }
}

/// Coins that pay a [`Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) coins: Vec<Coin>,
    pub(super) change: Option<Amount>,
    pub(super) fee: Amount,
    waste: i128,
}

impl Selection {
    /// Settles change and fee; nothing when the coins do not suffice or do not fit.
    fn settle(coins: Vec<Coin>, need: &Need, shape: &Shape) -> Option<Self> {
        let inputs = coins.len();
        let held: Amount = coins.iter().map(|coin| coin.amount).sum();
        let left = held.checked_sub(need.sum)?;
        let bare_fee = shape.fee(inputs, need.payments, need.weight, false);
        let excess = left
            .checked_sub(bare_fee)
            .filter(|_| need.fits(inputs, shape))?;
        let full_fee = shape.fee(inputs, need.payments, need.weight, true);
        let change = left
            .checked_sub(full_fee)
            .filter(|change| *change >= shape.least_change);
        let fee = change.map_or(left, |_| full_fee);
        let waste = shape.waste(inputs, change.is_some(), excess);
        Some(Selection {
            coins,
            change,
            fee,
            waste,
        })
    }
}

/// Picks coins by lowest waste. `coins` are worth more than they cost, and in descending order.
pub(super) fn cheapest(
    coins: &[Coin],
    need: &Need,
    shape: &Shape,
    draw: &mut Draw,
) -> Option<Selection> {
    let candidates = [
        exact_match(coins, need, shape),
        fewest(coins, need, shape),
        random(coins, need, shape, draw),
    ];
    candidates
        .into_iter()
        .flatten()
        .min_by_key(|selection| (selection.waste, selection.coins.len()))
}

/// Picks as few coins as possible, and of those the combination that leaves the larger coins to
/// other transactions: all but the last are the largest, the last is the smallest that suffices.
pub(super) fn fewest(coins: &[Coin], need: &Need, shape: &Shape) -> Option<Selection> {
    let mut held = Amount::ZERO;
    for (index, coin) in coins.iter().enumerate() {
        let inputs = index + 1;
        if !need.fits(inputs, shape) {
            return None;
        }
        let least = need.least(inputs, shape);
        if held + coin.amount >= least {
            let rest = coins.get(index..)?;
            let enough = rest.partition_point(|coin| held + coin.amount >= least);
            let mut chosen = coins.get(..index)?.to_vec();
            chosen.push(*rest.get(enough.checked_sub(1)?)?);
            return Selection::settle(chosen, need, shape);
        }
        held += coin.amount;
    }
    None
}

/// Draws coins until they suffice, with useful change where there is enough.
fn random(coins: &[Coin], need: &Need, shape: &Shape, draw: &mut Draw) -> Option<Selection> {
    let mut pool: Vec<u32> = (0..u32::try_from(coins.len()).ok()?).collect();
    let (mut chosen, mut held) = (Vec::new(), Amount::ZERO);
    let wish = shape.tolerance + DRAWN_CHANGE;
    while !pool.is_empty() && need.fits(chosen.len() + 1, shape) {
        let at = usize::try_from(draw.below(pool.len() as u64)).ok()?;
        let coin = coins.get(pool.swap_remove(at) as usize)?;
        chosen.push(*coin);
        held += coin.amount;
        if held >= need.least(chosen.len(), shape) + wish {
            break;
        }
    }
    Selection::settle(chosen, need, shape)
}

/// Searches a set of coins that needs no change: branch and bound in depth, large coins first
/// (Erhardt, "An evaluation of coin selection strategies", 2016), keeping the set of the least
/// waste.
fn exact_match(coins: &[Coin], need: &Need, shape: &Shape) -> Option<Selection> {
    // What each coin brings after its own fee, and what all from an index on bring.
    let value = |coin: &Coin| coin.amount - shape.input_fee;
    let mut rest: Amount = coins.iter().map(value).sum();
    // Inputs are counted in the values, so the target has none; the rounding is settled exactly
    // below.
    let target = need.least(0, shape);
    let most = target + shape.tolerance;
    if rest < target {
        return None;
    }
    let gathers = shape.waste(1, false, Amount::ZERO) < 0;
    let (mut chosen, mut held, mut next): (Vec<usize>, Amount, usize) =
        (Vec::new(), Amount::ZERO, 0);
    let mut best: Option<Selection> = None;
    for _ in 0..MATCH_STEPS {
        let dead = held + rest < target || held > most || !need.fits(chosen.len(), shape);
        if !dead && held >= target {
            let set = chosen
                .iter()
                .filter_map(|index| coins.get(*index))
                .copied()
                .collect();
            let found = Selection::settle(set, need, shape).filter(|found| found.change.is_none());
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.waste < best.waste)
            {
                best = Some(found);
            }
        }
        // Beyond a match, more coins can only be better while gathering.
        if dead || (held >= target && !gathers) || next >= coins.len() {
            // Back to the last coin that was taken: leave it out, and all of its size.
            let Some(last) = chosen.pop() else { break };
            while next > last {
                next -= 1;
                if let Some(coin) = coins.get(next) {
                    rest += value(coin);
                }
            }
            let Some(left_out) = coins.get(last) else {
                break;
            };
            held -= value(left_out);
            while let Some(coin) = coins.get(next)
                && coin.amount == left_out.amount
            {
                rest -= value(coin);
                next += 1;
            }
            continue;
        }
        if let Some(coin) = coins.get(next) {
            chosen.push(next);
            held += value(coin);
            rest -= value(coin);
            next += 1;
        }
    }
    best
}
