//! `amount-out-of-range` and `sum-out-of-range`: amounts and sums are at most 21 million bitcoin
//! (consensus).
//!
//! Negative amounts are very large ones here. CVE-2010-5139 is what happens when a sum wraps
//! around.

use bitcoin::Amount;

use crate::review::facts::{Facts, sum};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let inputs: Vec<Amount> = facts
        .inputs
        .iter()
        .filter_map(|input| input.coin.as_ref())
        .map(|coin| coin.value)
        .collect();
    let outputs: Vec<Amount> = facts
        .parsed
        .unsigned_tx()
        .output
        .iter()
        .map(|output| output.value)
        .collect();
    for (index, input) in facts.inputs.iter().enumerate() {
        push(
            findings,
            Place::Input(index),
            input.coin.as_ref().map(|coin| coin.value),
        );
    }
    for (index, amount) in outputs.iter().enumerate() {
        push(findings, Place::Output(index), Some(*amount));
    }
    for (side, amounts) in [("inputs", inputs), ("outputs", outputs)] {
        if sum(amounts.into_iter()).is_none() {
            findings.push(Finding::new(
                Place::Transaction,
                FindingKind::SumOutOfRange { side },
            ));
        }
    }
}

fn push(findings: &mut Vec<Finding>, place: Place, amount: Option<Amount>) {
    if let Some(found) = amount.filter(|amount| *amount > Amount::MAX_MONEY) {
        findings.push(Finding::new(place, FindingKind::AmountOutOfRange { found }));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat, their_script};
    use bitcoin::Amount;

    #[test]
    fn hostile_cases() {
        let max = Amount::MAX_MONEY.to_sat();
        let pay = |amounts: &'static [u64]| {
            Scenario::new(ScriptType::Segwit).with(|scenario| {
                for (number, amount) in (20..).zip(amounts) {
                    scenario.pay(their_script(number), *amount);
                }
            })
        };
        let unknown = "transaction fee-unknown";
        let sum = "transaction sum-out-of-range";
        pay(&[2_100_000_000_000_001]).expect(
            "one satoshi more than there can be",
            "amounts",
            &["output 2 amount-out-of-range", sum, unknown],
        );
        pay(&[u64::MAX - 99_989_999]).expect(
            "a negative amount that makes the sum small",
            "amounts",
            &["output 2 amount-out-of-range", sum, unknown],
        );
        pay(&[2_099_999_999_999_999, 2_099_999_999_999_999]).expect(
            "amounts within, sum beyond",
            "amounts",
            &[sum, unknown],
        );
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.coins[0].amount = sat(max + 1))
            .expect(
                "an input beyond",
                "amounts",
                &["input 0 amount-out-of-range", sum, unknown],
            );
    }
}
