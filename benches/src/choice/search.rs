//! Searches for coins that weigh the same each. Values are what coins bring after their own fee, in
//! satoshis, most first; what is found are their places.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::treasury::chance::Chance;

/// How far the two searches through a tree go.
const TREE_STEPS: usize = 100_000;
/// How often the knapsack is packed.
const PACKINGS: usize = 1_000;

/// Searches the least wasteful set between `target` and `range` more, depth first, large coins
/// first. `step` is what one more coin wastes.
pub(super) fn exact(
    values: &[u64],
    target: u64,
    range: u64,
    step: i64,
    most: usize,
) -> Option<Vec<usize>> {
    let after = sums_after(values);
    if values.iter().sum::<u64>() < target {
        return None;
    }
    let mut best: Option<(i64, Vec<usize>)> = None;
    let (mut chosen, mut held, mut next): (Vec<usize>, u64, usize) = (Vec::new(), 0, 0);
    for _ in 0..TREE_STEPS {
        let rest = next.checked_sub(1).map_or(u64::MAX, |last| after[last]);
        let waste = chosen.len() as i64 * step;
        let hopeless = best
            .as_ref()
            .is_some_and(|(best, _)| step > 0 && waste > *best);
        let dead = held.saturating_add(rest) < target
            || held > target + range
            || hopeless
            || chosen.len() > most;
        if !dead && held >= target {
            let waste = waste + (held - target) as i64;
            if best.as_ref().is_none_or(|(best, _)| waste <= *best) {
                best = Some((waste, chosen.clone()));
            }
        }
        if dead || held >= target {
            // Leave out the last coin that was taken.
            let Some(last) = chosen.pop() else { break };
            held -= values[last];
            next = beyond_equals(values, last);
        } else {
            chosen.push(next);
            held += values[next];
            next += 1;
        }
    }
    best.map(|(_, chosen)| chosen)
}

/// Searches the fewest coins that reach `target`, and of those the ones that exceed it least.
pub(super) fn fewest(values: &[u64], target: u64, most: usize) -> Option<Vec<usize>> {
    let after = sums_after(values);
    let mut best: Option<(usize, u64, Vec<usize>)> = None;
    let (mut chosen, mut held, mut next): (Vec<usize>, u64, usize) = (Vec::new(), 0, 0);
    for _ in 0..TREE_STEPS {
        if next >= values.len() {
            let Some(last) = chosen.pop() else { break };
            held -= values[last];
            next = beyond_equals(values, last);
            continue;
        }
        chosen.push(next);
        held += values[next];
        let most = best.as_ref().map_or(most, |(least, ..)| *least);
        // Further coins are no larger than this one.
        let missing = target.saturating_sub(held).div_ceil(values[next].max(1));
        let enough = held >= target && chosen.len() <= most;
        let hopeless = held + after[next] < target || chosen.len() as u64 + missing > most as u64;
        if enough
            && best
                .as_ref()
                .is_none_or(|(least, sum, _)| (chosen.len(), held) < (*least, *sum))
        {
            best = Some((chosen.len(), held, chosen.clone()));
        }
        if enough || hopeless {
            let last = chosen.pop()?;
            held -= values[last];
            next = beyond_equals(values, last);
        } else {
            next += 1;
            continue;
        }
        if hopeless {
            // Nor do smaller coins help in its place.
            let Some(last) = chosen.pop() else { break };
            held -= values[last];
            next = beyond_equals(values, last);
        }
    }
    best.map(|(_, _, chosen)| chosen)
}

/// Draws coins until they bring `target`; while there is no room, the smallest that was drawn goes.
pub(super) fn draw(
    values: &[u64],
    target: u64,
    most: usize,
    chance: &mut Chance,
) -> Option<Vec<usize>> {
    let mut drawn = BinaryHeap::new();
    let mut held = 0;
    for index in shuffled(values.len(), chance) {
        drawn.push(Reverse((values[index], index)));
        held += values[index];
        if drawn.len() > most {
            held -= drawn.pop()?.0.0;
        }
        if held >= target {
            return Some(drawn.into_iter().map(|Reverse((_, index))| index).collect());
        }
    }
    None
}

/// The knapsack of the first wallets: many random sets of the coins below the target, the closest
/// one of which is kept, or the smallest coin above it where that is closer.
pub(super) fn knapsack(
    values: &[u64],
    target: u64,
    change: u64,
    most: usize,
    chance: &mut Chance,
) -> Option<Vec<usize>> {
    if let Some(equal) = values.iter().position(|value| *value == target) {
        return Some(vec![equal]);
    }
    // Coins are in descending order, so those above come first.
    let above = values.partition_point(|value| *value >= target + change);
    let larger = above.checked_sub(1);
    let smaller = &values[above..];
    let total: u64 = smaller.iter().sum();
    let places = |set: Vec<usize>| set.into_iter().map(|index| index + above).collect();
    if total < target {
        return larger.map(|index| vec![index]);
    }
    let (mut sum, mut set) = pack(smaller, total, target, most, chance);
    if sum != target && total >= target + change {
        (sum, set) = pack(smaller, total, target + change, most, chance);
    }
    if let Some(index) = larger
        && (sum != target && sum < target + change || values[index] <= sum || set.len() > most)
    {
        return Some(vec![index]);
    }
    (set.len() <= most).then(|| places(set))
}

fn pack(
    values: &[u64],
    total: u64,
    target: u64,
    most: usize,
    chance: &mut Chance,
) -> (u64, Vec<usize>) {
    let (mut best, mut best_set): (u64, Vec<usize>) = (total, (0..values.len()).collect());
    let mut taken = vec![false; values.len()];
    for _ in 0..PACKINGS {
        if best == target {
            break;
        }
        taken.fill(false);
        let (mut held, mut number, mut reached) = (0, 0, false);
        for pass in 0..2 {
            if reached {
                break;
            }
            for start in (0..values.len()).step_by(64) {
                // Each coin by the toss of a coin, then each that is left.
                let mut bits = match pass {
                    0 => chance.number(),
                    _ => u64::MAX,
                };
                while bits != 0 {
                    let index = start + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    if index >= values.len() || taken[index] {
                        continue;
                    }
                    let with = held + values[index];
                    if with < target || number >= most {
                        held = with;
                        number += 1;
                        taken[index] = true;
                        continue;
                    }
                    // It is left out again, for a smaller one to come closer.
                    reached = true;
                    if with < best {
                        best = with;
                        best_set = (0..values.len()).filter(|index| taken[*index]).collect();
                        best_set.push(index);
                    }
                }
            }
        }
    }
    (best, best_set)
}

/// The sums of the values after each place.
fn sums_after(values: &[u64]) -> Vec<u64> {
    let mut sum = 0;
    let mut sums: Vec<u64> = values
        .iter()
        .rev()
        .map(|value| {
            let after = sum;
            sum += value;
            after
        })
        .collect();
    sums.reverse();
    sums
}

/// The next place with another value: leaving out one of two equal coins and taking the other
/// changes nothing.
fn beyond_equals(values: &[u64], place: usize) -> usize {
    let mut next = place + 1;
    while values.get(next) == Some(&values[place]) {
        next += 1;
    }
    next
}

fn shuffled(count: usize, chance: &mut Chance) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, chance.below(last as u64 + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(chance: &mut Chance) -> Vec<u64> {
        let mut values: Vec<u64> = (0..12).map(|_| 1 + chance.below(40)).collect();
        values.sort_unstable_by_key(|value| Reverse(*value));
        values
    }

    /// Every set, as its number of coins and its sum.
    fn sets(values: &[u64]) -> impl Iterator<Item = (usize, u64)> {
        (1_u32..1 << values.len()).map(|set| {
            let taken = (0..values.len()).filter(|index| set >> index & 1 == 1);
            (
                set.count_ones() as usize,
                taken.map(|index| values[index]).sum(),
            )
        })
    }

    fn told(values: &[u64], chosen: &[usize]) -> (usize, u64) {
        (
            chosen.len(),
            chosen.iter().map(|index| values[*index]).sum(),
        )
    }

    #[test]
    fn the_match_is_the_least_wasteful_of_all_sets_in_range() {
        let mut chance = Chance::new(1);
        for _ in 0..300 {
            let values = values(&mut chance);
            let target = 20 + chance.below(150);
            let waste = |(number, sum): (usize, u64)| number as u64 * 2 + sum - target;
            let least = sets(&values)
                .filter(|(_, sum)| (target..=target + 3).contains(sum))
                .map(waste)
                .min();
            let found =
                exact(&values, target, 3, 2, 12).map(|chosen| waste(told(&values, &chosen)));
            assert_eq!(found, least, "{values:?} {target}");
        }
    }

    #[test]
    fn the_fewest_coins_are_the_fewest_of_all_sets_and_exceed_the_target_least() {
        let mut chance = Chance::new(2);
        for _ in 0..300 {
            let values = values(&mut chance);
            let target = 20 + chance.below(150);
            let least = sets(&values)
                .filter(|(number, sum)| *sum >= target && *number <= 5)
                .min();
            let found = fewest(&values, target, 5).map(|chosen| told(&values, &chosen));
            assert_eq!(found, least, "{values:?} {target}");
        }
    }

    #[test]
    fn the_knapsack_of_few_coins_comes_to_the_closest_set() {
        let mut chance = Chance::new(3);
        for _ in 0..100 {
            let values = values(&mut chance);
            let target = 60 + chance.below(60);
            // With no change wished for, the closest set of all is the answer, in thousand packings
            // of twelve coins.
            let closest = sets(&values)
                .map(|(_, sum)| sum)
                .filter(|sum| *sum >= target)
                .min();
            let found = knapsack(&values, target, 0, 12, &mut chance)
                .map(|chosen| told(&values, &chosen).1);
            assert_eq!(found, closest, "{values:?} {target}");
        }
    }

    #[test]
    fn the_knapsack_leaves_change_or_takes_the_smallest_coin_that_does() {
        let mut chance = Chance::new(5);
        let mut sum = |values: &[u64]| {
            let chosen = knapsack(values, 101, 19, 5, &mut chance)?;
            Some(told(values, &chosen).1)
        };
        assert_eq!(
            sum(&[500, 60, 50, 40, 30]),
            Some(120),
            "110 leaves too little"
        );
        assert_eq!(sum(&[500, 125, 60, 50, 45]), Some(125), "155 is farther");
        assert_eq!(sum(&[500, 125, 60, 20]), Some(125), "80 is too little");
        assert_eq!(
            sum(&[500, 60, 50]),
            Some(500),
            "110 leaves too little, and there is no more"
        );
        assert_eq!(sum(&[60, 40]), None);
    }

    #[test]
    fn a_draw_keeps_the_largest_where_there_is_no_room() {
        let mut chance = Chance::new(4);
        let values = [50, 40, 3, 2, 1];
        for _ in 0..50 {
            let mut chosen = draw(&values, 90, 2, &mut chance).unwrap();
            chosen.sort_unstable();
            assert_eq!(chosen, [0, 1]);
            assert_eq!(draw(&values, 91, 2, &mut chance), None);
        }
    }
}
