//! One coin in two transactions.

use std::collections::HashMap;

use bitcoin::{OutPoint, Txid};

use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::reviewed::Reviewed;

/// `coin-spent-twice`: at most one of two such transactions can confirm, and which one is for
/// others to choose.
pub(super) fn coins_spent_twice(reviews: &[&Reviewed]) -> Vec<Finding> {
    let mut spent: HashMap<OutPoint, Txid> = HashMap::new();
    let mut findings = Vec::new();
    for reviewed in reviews {
        let txid = reviewed.parsed().txid();
        for (index, input) in reviewed.parsed().unsigned_tx().input.iter().enumerate() {
            let outpoint = input.previous_output;
            let other = *spent.entry(outpoint).or_insert(txid);
            if other != txid {
                let kind = FindingKind::CoinSpentTwice { outpoint, other };
                findings.push(Finding::new(Place::RunInput(txid, index), kind));
            }
        }
    }
    findings
}
