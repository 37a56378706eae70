//! Payments that two transactions make.

use std::collections::{BTreeMap, HashMap};

use bitcoin::{Amount, Script, Txid};

use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;
use crate::review::reviewed::Reviewed;
use crate::review::similar::are_similar;

/// `payment-repeated`: a payout that was planned twice; `payment-similar`, where the amounts are
/// nearly the same; and `address-repeated`, where only the address is. Equal payments within one
/// transaction are warned about there.
pub(super) fn payments_repeated(reviews: &[&Reviewed]) -> Vec<Finding> {
    let mut paid: HashMap<&Script, Paid> = HashMap::new();
    let mut findings = Vec::new();
    for reviewed in reviews {
        let txid = reviewed.parsed().txid();
        let outputs = &reviewed.parsed().unsigned_tx().output;
        let outputs = outputs.iter().zip(&reviewed.report().outputs).enumerate();
        let is_payment = |class| matches!(class, OutputClass::Payment | OutputClass::Unknown);
        let payments = outputs.filter(|(_, (_, report))| is_payment(report.class));
        // Against the other transactions alone: what this one pays is added last.
        for (index, (output, report)) in payments.clone() {
            let Some(earlier) = paid.get(output.script_pubkey.as_script()) else {
                continue;
            };
            let address = || {
                let script = || output.script_pubkey.to_hex_string();
                report.address.clone().unwrap_or_else(script)
            };
            let kind = match earlier.nearest(output.value) {
                Some((other_amount, other)) if other_amount == output.value => {
                    FindingKind::PaymentRepeated {
                        amount: output.value,
                        other,
                    }
                }
                Some((other_amount, other)) => FindingKind::PaymentSimilar {
                    amount: output.value,
                    other_amount,
                    other,
                },
                None => FindingKind::AddressRepeated {
                    address: address(),
                    first: earlier.first,
                },
            };
            findings.push(Finding::new(Place::RunOutput(txid, index), kind));
        }
        for (index, (output, _)) in payments {
            let here = Place::RunOutput(txid, index);
            let of_script = paid.entry(&output.script_pubkey).or_insert_with(|| Paid {
                first: here,
                amounts: BTreeMap::new(),
            });
            of_script.amounts.entry(output.value).or_insert(txid);
        }
    }
    findings
}

/// What earlier transactions of a run pay to one script.
struct Paid {
    first: Place,
    /// Each amount, with the first transaction that pays it.
    amounts: BTreeMap<Amount, Txid>,
}

impl Paid {
    /// Returns the amount nearest to this one, if the two are [similar](are_similar).
    fn nearest(&self, amount: Amount) -> Option<(Amount, Txid)> {
        let below = self.amounts.range(..=amount).next_back();
        let above = self.amounts.range(amount..).next();
        let nearest = below.into_iter().chain(above);
        let nearest = nearest.min_by_key(|(other, _)| other.to_sat().abs_diff(amount.to_sat()))?;
        are_similar(*nearest.0, amount).then_some((*nearest.0, *nearest.1))
    }
}
