//! Addresses that look like each other.

use std::collections::HashSet;

use crate::review::finding::{Finding, FindingKind};
use crate::review::payees::PayeeIndex;
use crate::review::place::Place;
use crate::review::reviewed::Reviewed;

/// `address-lookalike`, as within one transaction: against what other transactions pay, and what is
/// ours in any of them.
pub(super) fn lookalikes(reviews: &[&Reviewed]) -> Vec<Finding> {
    let mut own = PayeeIndex::default();
    for report in reviews.iter().map(|reviewed| reviewed.report()) {
        let inputs = report
            .inputs
            .iter()
            .map(|input| (&input.owner, &input.address));
        let outputs = report
            .outputs
            .iter()
            .map(|output| (&output.owner, &output.address));
        for (owner, address) in inputs.chain(outputs) {
            if let (Some(_), Some(address)) = (owner, address) {
                own.insert(address);
            }
        }
    }
    let mut paid = PayeeIndex::default();
    let mut findings = Vec::new();
    for reviewed in reviews {
        let txid = reviewed.parsed().txid();
        let report = reviewed.report();
        let said = report.findings.iter();
        let said = said.filter(|finding| finding.code == "address-lookalike");
        let said: HashSet<Place> = said.map(|finding| finding.place).collect();
        for (index, output) in report.outputs.iter().enumerate() {
            let (None, Some(found)) = (&output.owner, &output.address) else {
                continue;
            };
            let known = own
                .lookalike(found)
                .or_else(|| paid.lookalike(found))
                .map(str::to_owned);
            paid.insert(found);
            if let Some(known) = known.filter(|_| !said.contains(&Place::Output(index))) {
                let found = found.clone();
                let kind = FindingKind::AddressLookalike { known, found };
                findings.push(Finding::new(Place::RunOutput(txid, index), kind));
            }
        }
    }
    findings
}
