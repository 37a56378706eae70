//! One coin with two amounts.

use std::collections::HashMap;

use bitcoin::{OutPoint, TxOut};

use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::reviewed::Reviewed;

/// `coin-amounts-differ`: the two rounds of CVE-2020-14199 in one run, where each round lies about
/// another coin's amount. The transaction is the same in both, so that every PSBT is looked at,
/// also those of one transaction.
pub(super) fn coin_amounts_differ(reviews: &[Reviewed]) -> Vec<Finding> {
    let mut told: HashMap<OutPoint, &TxOut> = HashMap::new();
    let mut findings = Vec::new();
    for reviewed in reviews {
        let txid = reviewed.parsed().txid();
        // A coin that is unknown is refused by itself.
        let coins = reviewed.coins().unwrap_or_default();
        let inputs = reviewed.parsed().unsigned_tx().input.iter().zip(coins);
        for (index, (input, found)) in inputs.enumerate() {
            let outpoint = input.previous_output;
            let first = *told.entry(outpoint).or_insert(found);
            if first != found {
                let kind = FindingKind::CoinAmountsDiffer {
                    outpoint,
                    first: first.clone(),
                    found: found.clone(),
                };
                findings.push(Finding::new(Place::RunInput(txid, index), kind));
            }
        }
    }
    findings
}
