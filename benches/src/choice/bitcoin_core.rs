//! How Bitcoin Core's wallet chooses coins (version 28 and later, with its defaults), written anew:
//! its own wallet is no part of what can be built from crates, and the crate `rust-coinselect`
//! neither searches nor ranks as Core does.
//!
//! Coins are taken one by one, never by address (Core's default), and all are confirmed and of one
//! script type. Four searches run: a match without change, the knapsack, the fewest coins at high
//! rates, and a random draw. The least waste wins, and among equals the most coins.

use super::search;
use super::{Need, Settled};
use crate::treasury::chance::Chance;

/// What Core expects later spending to cost (`-consolidatefeerate`), and what change must be worth
/// (`-discardfee`): satoshis per virtual byte.
const LATER: u64 = 10;
/// The heaviest transaction that Core makes, in weight units.
const MAX_WEIGHT: u64 = 400_000;
/// Above so many times [`LATER`], Core looks for the fewest coins.
const HIGH: u64 = 3;
/// The least and the most change that Core aims at, in satoshis.
const CHANGE: (u64, u64) = (50_000, 1_000_000);

/// What Core would spend.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Where the coins are in the list that was given.
    pub coins: Vec<usize>,
    /// What comes of it.
    pub settled: Settled,
    /// Which search found them.
    pub by: &'static str,
}

/// Chooses among coins of these satoshis; nothing when they do not suffice.
pub fn choose(coins: &[u64], need: &Need, chance: &mut Chance) -> Option<Chosen> {
    let input = need.script_type.input_weight();
    let output = need.script_type.output_weight();
    let input_fee = need.share(need.rate, input);
    let later_fee = need.share(LATER, input);
    let change_fee = need.share(need.rate, output);
    let change_cost = change_fee + later_fee;
    // Dust at the rate of discarding: the output and a bare input of 67 virtual bytes.
    let least_change = (later_fee + 1).max(need.share(LATER, output) + LATER * 67);
    // What each coin brings after its own fee, most first.
    let mut worth: Vec<(u64, usize)> = coins
        .iter()
        .enumerate()
        .filter(|(_, amount)| **amount > input_fee)
        .map(|(index, amount)| (amount - input_fee, index))
        .collect();
    worth.sort_unstable_by_key(|(value, index)| (std::cmp::Reverse(*value), *index));
    let values: Vec<u64> = worth.iter().map(|(value, _)| *value).collect();

    let target = need.sum + need.fee(0, false);
    let wish = change_fee + wished_change(need, chance);
    let room = |change| {
        let rest = MAX_WEIGHT.saturating_sub(need.whole_weight(0, change).to_wu());
        (rest / input.to_wu()) as usize
    };
    let step = input_fee as i64 - later_fee as i64;
    let draw_to = target + change_fee + CHANGE.0;
    let found = [
        (
            "match",
            search::exact(&values, target, change_cost, step, room(false)),
        ),
        (
            "knapsack",
            search::knapsack(&values, target, wish, room(true), chance),
        ),
        (
            "fewest",
            (need.rate > HIGH * LATER)
                .then(|| search::fewest(&values, target + wish, room(true)))
                .flatten(),
        ),
        ("draw", search::draw(&values, draw_to, room(true), chance)),
    ];
    let ranked = found.into_iter().filter_map(|(by, chosen)| {
        let chosen = chosen?;
        let brought: u64 = chosen.iter().map(|index| values[*index]).sum();
        let excess = brought.checked_sub(target)?;
        let rest = match excess >= change_fee + least_change {
            true => change_cost,
            false => excess,
        };
        let waste = chosen.len() as i64 * step + rest as i64;
        Some((waste, std::cmp::Reverse(chosen.len()), by, chosen))
    });
    let (_, _, by, chosen) = ranked.min_by_key(|(waste, most, ..)| (*waste, *most))?;
    let coins_chosen: Vec<usize> = chosen.iter().map(|index| worth[*index].1).collect();
    let held = coins_chosen.iter().map(|index| coins[*index]).sum();
    let settled = need.settle(coins_chosen.len(), held, least_change)?;
    Some(Chosen {
        coins: coins_chosen,
        settled,
        by,
    })
}

/// Draws the change that is aimed at: between the least and twice the mean payment.
fn wished_change(need: &Need, chance: &mut Chance) -> u64 {
    let (least, most) = CHANGE;
    let mean = need.sum / need.payments.max(1) as u64;
    match mean <= least / 2 {
        true => least,
        false => least + chance.below((2 * mean).min(most) - least),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::Weight;
    use cofferdam_core::ScriptType;

    fn need(rate: u64, sum: u64) -> Need {
        Need {
            script_type: ScriptType::Segwit,
            rate,
            sum,
            payments: 1,
            weight: Weight::from_wu(124),
        }
    }

    #[test]
    fn a_coin_that_needs_no_change_is_taken_where_coins_cost_more_than_later() {
        let need = need(20, 1_000_000);
        let exact = need.sum + need.fee(1, false) + 20;
        // The other coin alone would do, with change.
        let coins = [5_000_000, exact];
        let chosen = choose(&coins, &need, &mut Chance::new(1)).unwrap();
        assert_eq!((chosen.coins, chosen.by), (vec![1], "match"));
        assert_eq!(chosen.settled.change, None);
    }

    #[test]
    fn low_rates_gather_coins_and_high_ones_spare_them() {
        let coins: Vec<u64> = (0..400)
            .map(|number| 40_000 + number * 97)
            .chain([9_000_000])
            .collect();
        let number = |rate| {
            let chosen = choose(&coins, &need(rate, 3_000_000), &mut Chance::new(2)).unwrap();
            chosen.coins.len()
        };
        assert!(number(1) > 20, "{}", number(1));
        assert_eq!(number(50), 1);
    }

    #[test]
    fn what_is_chosen_pays_the_rate_whatever_the_coins() {
        let mut chance = Chance::new(3);
        for _ in 0..200 {
            let coins: Vec<u64> = (0..60).map(|_| 1_000 + chance.below(400_000)).collect();
            let rate = [1, 10, 50][chance.below(3) as usize];
            let need = need(rate, 100_000 + chance.below(3_000_000));
            let Some(chosen) = choose(&coins, &need, &mut chance) else {
                continue;
            };
            let held: u64 = chosen.coins.iter().map(|index| coins[*index]).sum();
            let settled = chosen.settled;
            assert_eq!(held, need.sum + settled.fee + settled.change.unwrap_or(0));
            assert!(settled.fee >= need.fee(chosen.coins.len(), settled.change.is_some()));
            let mut once = chosen.coins.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), chosen.coins.len(), "no coin is spent twice");
        }
    }
}
