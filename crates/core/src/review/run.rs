//! Several PSBTs that are signed in one sitting.

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, OutPoint, Script, Txid};
use serde::{Deserialize, Serialize};

use super::facts::sum;
use super::finding::{Finding, FindingKind, FindingReport, Severity};
use super::place::Place;
use super::report::{OutputClass, Totals};
use super::reviewed::Reviewed;

/// What several transactions do together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Different transactions; the same one given twice counts once.
    pub transactions: usize,
    /// Sums over them.
    pub totals: Totals,
    /// What the rules found that look at all of them; the findings of each stand in its own report.
    pub findings: Vec<FindingReport>,
}

impl RunReport {
    /// Returns whether a rule refuses the run, of which nothing must then be signed.
    pub fn has_refusal(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Refusal)
    }
}

/// Looks at several reviewed PSBTs together.
///
/// Refuses the same coin in two transactions, and the same payment (script and amount) in two transactions over other coins.
/// A transaction that is given twice is no conflict with itself.
pub fn review_run(reviews: &[Reviewed]) -> RunReport {
    let mut seen = HashSet::new();
    let different: Vec<&Reviewed> = reviews
        .iter()
        .filter(|reviewed| seen.insert(reviewed.parsed().txid()))
        .collect();
    let mut findings = coins_spent_twice(&different);
    findings.extend(payments_repeated(&different));
    RunReport {
        transactions: different.len(),
        totals: totals(&different),
        findings: findings.iter().map(Finding::report).collect(),
    }
}

/// `coin-spent-twice`: at most one of two such transactions can confirm, and which one is for others to choose.
fn coins_spent_twice(reviews: &[&Reviewed]) -> Vec<Finding> {
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

/// `payment-repeated`: a payout that was planned twice. Equal payments within one transaction are what its plan says.
fn payments_repeated(reviews: &[&Reviewed]) -> Vec<Finding> {
    let mut paid: HashMap<(&Script, Amount), Txid> = HashMap::new();
    let mut findings = Vec::new();
    for reviewed in reviews {
        let txid = reviewed.parsed().txid();
        let outputs = reviewed
            .parsed()
            .unsigned_tx()
            .output
            .iter()
            .zip(&reviewed.report().outputs);
        for (index, (output, report)) in outputs.enumerate() {
            if !matches!(report.class, OutputClass::Payment | OutputClass::Unknown) {
                continue;
            }
            let other = *paid.entry((&output.script_pubkey, output.value)).or_insert(txid);
            if other != txid {
                let kind = FindingKind::PaymentRepeated {
                    amount: output.value,
                    other,
                };
                findings.push(Finding::new(Place::RunOutput(txid, index), kind));
            }
        }
    }
    findings
}

fn totals(reviews: &[&Reviewed]) -> Totals {
    let add = |part: fn(&Totals) -> Option<Amount>| {
        let parts = reviews.iter().map(|reviewed| part(&reviewed.report().totals));
        parts
            .collect::<Option<Vec<_>>>()
            .and_then(|parts| sum(parts.into_iter()))
    };
    Totals {
        inputs: add(|totals| totals.inputs),
        outputs: add(|totals| totals.outputs),
        leaves: add(|totals| totals.leaves),
        payments: reviews
            .iter()
            .map(|reviewed| reviewed.report().totals.payments)
            .sum(),
        change: add(|totals| totals.change),
        self_transfer: add(|totals| totals.self_transfer),
        fee: add(|totals| totals.fee),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptType;
    use crate::review::testing::{Scenario, sat, their_script};

    /// A payout like the first one, over other coins.
    fn other_coins(scenario: &mut Scenario) {
        for coin in &mut scenario.coins {
            coin.salt += 100;
        }
    }

    fn other_payee(scenario: &mut Scenario) {
        scenario.outputs[0].txout.script_pubkey = their_script(2);
    }

    fn listed(run: &RunReport) -> Vec<(String, &str)> {
        run.findings
            .iter()
            .map(|finding| (finding.place.to_string(), finding.code.as_str()))
            .collect()
    }

    #[test]
    fn totals_are_sums_over_different_transactions() {
        let first = Scenario::new(ScriptType::Segwit).review();
        let second = Scenario::new(ScriptType::Segwit)
            .with(other_coins)
            .with(other_payee)
            .review();
        let run = review_run(&[first.clone(), second, first]);
        assert_eq!(listed(&run), []);
        assert!(!run.has_refusal());
        assert_eq!(run.transactions, 2);
        let expected = Totals {
            inputs: Some(sat(200_000_000)),
            outputs: Some(sat(199_980_000)),
            leaves: Some(sat(100_000_000)),
            payments: 2,
            change: Some(sat(99_980_000)),
            self_transfer: Some(sat(0)),
            fee: Some(sat(20_000)),
        };
        assert_eq!(run.totals, expected);
    }

    #[test]
    fn a_coin_in_two_transactions_is_refused() {
        let first = Scenario::new(ScriptType::Segwit).review();
        let second = Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.coins[0].salt = 100)
            .with(other_payee)
            .review();
        let place = format!("{} input 1", second.parsed().txid());
        let run = review_run(&[first, second]);
        assert_eq!(listed(&run), [(place, "coin-spent-twice")]);
        assert!(run.has_refusal());
    }

    #[test]
    fn a_payment_over_other_coins_is_refused() {
        let first = Scenario::new(ScriptType::Segwit).review();
        let second = Scenario::new(ScriptType::Segwit).with(other_coins).review();
        let place = format!("{} output 0", second.parsed().txid());
        let run = review_run(&[first, second]);
        // Change, on the same script and of the same amount, is no payment.
        assert_eq!(listed(&run), [(place, "payment-repeated")]);
        assert!(run.has_refusal());
    }

    #[test]
    fn a_payment_to_an_unknown_script_is_no_exception() {
        let unknown = |scenario: &mut Scenario| {
            scenario.outputs[0].txout.script_pubkey = bitcoin::ScriptBuf::from_bytes(vec![0x51]);
        };
        let first = Scenario::new(ScriptType::Segwit).with(unknown).review();
        let second = Scenario::new(ScriptType::Segwit)
            .with(other_coins)
            .with(unknown)
            .review();
        let place = format!("{} output 0", second.parsed().txid());
        assert_eq!(
            listed(&review_run(&[first, second])),
            [(place, "payment-repeated")]
        );
    }

    #[test]
    fn equal_payments_of_one_transaction_are_its_plan() {
        let twice = Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay(their_script(3), 4_995_000);
                scenario.pay(their_script(3), 4_995_000);
            })
            .review();
        assert_eq!(listed(&review_run(&[twice])), []);
    }

    #[test]
    fn a_sum_that_is_not_known_is_not_shown() {
        let known = Scenario::new(ScriptType::Segwit).review();
        let unknown = Scenario::new(ScriptType::Segwit)
            .with(other_coins)
            .with(other_payee)
            .edit(|raw| {
                raw.inputs[0].remove_type(crate::psbt::fields::input::NON_WITNESS_UTXO);
            })
            .review();
        let totals = review_run(&[known, unknown]).totals;
        assert_eq!((totals.inputs, totals.fee), (None, None));
        assert_eq!(totals.outputs, Some(sat(199_980_000)));
    }
}
