//! `data-outputs-large`: data that takes a large part of a transaction takes that part of the fee,
//! and makes a high fee look like a low rate.

use bitcoin::Amount;

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

/// No part is large up to so many virtual bytes: an output of 80 bytes of data, which is common,
/// has 92.
pub(super) const SMALL: u64 = 100;

/// The part of the transaction from which on it is large, in per cent.
const PART: u64 = 10;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let data = facts.data_vsize();
    let Some(fee) = facts.fee.filter(|_| data > SMALL) else {
        return;
    };
    if data * 100 > fee.vsize * PART {
        let share =
            u128::from(fee.amount.to_sat()) * u128::from(data) / u128::from(fee.vsize.max(1));
        let kind = FindingKind::DataOutputsLarge {
            data,
            vsize: fee.vsize,
            fee: Amount::from_sat(u64::try_from(share).unwrap_or(u64::MAX)),
        };
        findings.push(Finding::new(Place::Transaction, kind));
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::ScriptBuf;

    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat};

    const RULE: &str = "data_outputs_large";
    const FOUND: [&str; 2] = ["transaction data-outputs-large", "output 2 data-output"];

    /// A payout with outputs of data of so many bytes each.
    fn with_data(lengths: &[usize]) -> Scenario {
        lengths
            .iter()
            .fold(Scenario::new(ScriptType::Segwit), |scenario, length| {
                let mut script = vec![0x6a];
                script.resize(1 + length, 0);
                scenario.with(|scenario| scenario.pay(ScriptBuf::from_bytes(script), 0))
            })
    }

    #[test]
    fn data_that_is_most_of_a_transaction_is_warned_about() {
        let notes = |lengths: &[usize]| {
            let reviewed = with_data(lengths).review();
            reviewed.warning_codes().is_empty()
        };
        assert!(notes(&[]));
        assert!(notes(&[80]), "as much as was relayed for years");
        with_data(&[10_000]).expect("10 kB", RULE, &FOUND);
        let pieces = [FOUND[0], FOUND[1], "output 3 data-output"];
        with_data(&[50, 50]).expect("in pieces", RULE, &pieces);
        with_data(&[91]).expect("a little more than is common", RULE, &FOUND);
    }

    /// What it costs is said in satoshi.
    #[test]
    fn the_part_of_the_fee_is_told() {
        let reviewed = with_data(&[10_000])
            .with(|scenario| scenario.outputs[1].txout.value = sat(40_100_000))
            .review();
        let mut findings = reviewed.report().findings.iter();
        let large = findings.find(|finding| finding.code == "data-outputs-large");
        let found = large.unwrap().found.clone().unwrap();
        let vsize = reviewed.report().fee.unwrap().vsize;
        assert_eq!(
            found,
            format!(
                "10012 of {vsize} vB, and {} sat of the fee",
                9_900_000 * 10_012 / vsize
            )
        );
    }
}
