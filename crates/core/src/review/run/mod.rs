//! Several PSBTs that are signed in one sitting: the rules that look at all of them, one a file.

mod coin_amounts_differ;
mod coins_spent_twice;
mod fees_high;
mod lookalikes;
mod payments_repeated;

use std::cmp::Reverse;
use std::collections::HashSet;

use bitcoin::Amount;
use serde::{Deserialize, Serialize};

use self::coin_amounts_differ::coin_amounts_differ;
use self::coins_spent_twice::coins_spent_twice;
use self::fees_high::fees_high;
use self::lookalikes::lookalikes;
use self::payments_repeated::payments_repeated;
use super::context::FeeLimits;
use super::facts::sum;
use super::finding::{FindingReport, MoreFindings, Severity, listed};
use super::report::Totals;
use super::reviewed::Reviewed;

/// What several transactions do together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Different transactions; the same one given twice counts once.
    pub transactions: usize,
    /// Sums over them.
    pub totals: Totals,
    /// What the rules found that look at all of them, of each code the first few; the findings of
    /// each stand in its own report.
    pub findings: Vec<FindingReport>,
    /// What they found besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_findings: Vec<MoreFindings>,
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
/// Refuses one coin with two amounts or scripts, the same coin in two transactions, and the same
/// payment (script and amount) in two transactions over other coins; warns of nearly the same one,
/// and of an address that looks like one of another transaction and is not; notes an address that
/// two transactions pay. A transaction that is given twice is no conflict with itself, as long as
/// its coins are the same. One that was not looked at is refused by itself, and compared with none.
///
/// Warns where the fees of all different transactions together are above what `limits` say of a
/// run.
pub fn review_run(reviews: &[Reviewed], limits: &FeeLimits) -> RunReport {
    let mut seen = HashSet::new();
    let different: Vec<&Reviewed> = reviews
        .iter()
        .filter(|reviewed| seen.insert(reviewed.parsed().txid()))
        .collect();
    let all_totals = totals(&different);
    let transactions = different.len();
    let high = fees_high(&different, all_totals.fee, limits);
    let different: Vec<&Reviewed> = different
        .into_iter()
        .filter(|reviewed| reviewed.report().not_shown.is_none())
        .collect();
    let mut findings = coin_amounts_differ(reviews);
    findings.extend(coins_spent_twice(&different));
    findings.extend(lookalikes(&different));
    findings.extend(payments_repeated(&different));
    findings.extend(high);
    findings.sort_by_key(|finding| Reverse(finding.severity()));
    let (findings, more_findings) = listed(&findings);
    RunReport {
        transactions,
        totals: all_totals,
        findings,
        more_findings,
    }
}

fn totals(reviews: &[&Reviewed]) -> Totals {
    let add = |part: fn(&Totals) -> Option<Amount>| {
        let parts = reviews
            .iter()
            .map(|reviewed| part(&reviewed.report().totals));
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
    use crate::psbt::fields;
    use crate::review::AmountRule;
    use crate::review::testing::{Scenario, change, lookalike, sat, their_script};

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
        let run = review_run(&[first.clone(), second, first], &FeeLimits::DEFAULT);
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
        let run = review_run(&[first, second], &FeeLimits::DEFAULT);
        assert_eq!(listed(&run), [(place, "coin-spent-twice")]);
        assert!(run.has_refusal());
    }

    #[test]
    fn a_payment_over_other_coins_is_refused() {
        let first = Scenario::new(ScriptType::Segwit).review();
        let second = Scenario::new(ScriptType::Segwit).with(other_coins).review();
        let place = format!("{} output 0", second.parsed().txid());
        let run = review_run(&[first, second], &FeeLimits::DEFAULT);
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
            listed(&review_run(&[first, second], &FeeLimits::DEFAULT)),
            [(place, "payment-repeated")]
        );
    }

    /// The attack needs no foreign signer: both rounds are of one transaction, and each lies about
    /// another coin.
    #[test]
    fn two_rounds_with_two_amounts_are_refused() {
        let told = |input: usize, sat: u64| {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| scenario.amounts = AmountRule::Remembered)
                .edit(move |raw| {
                    for map in &mut raw.inputs {
                        map.remove_type(fields::input::NON_WITNESS_UTXO);
                    }
                    change(
                        &mut raw.inputs[input],
                        fields::input::WITNESS_UTXO,
                        |pair| {
                            pair.value[..8].copy_from_slice(&sat.to_le_bytes());
                        },
                    );
                })
                .review()
        };
        let (first, second) = (told(0, 60_000_000), told(0, 60_000_001));
        let txid = first.parsed().txid();
        assert_eq!(txid, second.parsed().txid());
        let place = format!("{txid} input 0");
        let run = review_run(&[first.clone(), second], &FeeLimits::DEFAULT);
        assert_eq!(listed(&run), [(place, "coin-amounts-differ")]);
        assert!(run.has_refusal());
        let found = |found: &Option<String>| found.clone().unwrap();
        assert!(found(&run.findings[0].expected).starts_with("60000000 sat to script 0014"));
        assert!(found(&run.findings[0].found).starts_with("60000001 sat to script 0014"));
        let place = format!("{txid} input 1");
        assert_eq!(
            listed(&review_run(
                &[first.clone(), told(1, 1)],
                &FeeLimits::DEFAULT
            )),
            [(place, "coin-amounts-differ")]
        );
        assert_eq!(
            listed(&review_run(&[first.clone(), first], &FeeLimits::DEFAULT)),
            []
        );
    }

    #[test]
    fn a_proven_amount_contradicts_a_remembered_one() {
        let proven = Scenario::new(ScriptType::Segwit).review();
        let lying = Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.amounts = AmountRule::Remembered)
            .edit(|raw| {
                raw.inputs[1].remove_type(fields::input::NON_WITNESS_UTXO);
                change(&mut raw.inputs[1], fields::input::WITNESS_UTXO, |pair| {
                    pair.value[0] ^= 1
                });
            })
            .review();
        let place = format!("{} input 1", proven.parsed().txid());
        for run in [[proven.clone(), lying.clone()], [lying, proven]] {
            assert_eq!(
                listed(&review_run(&run, &FeeLimits::DEFAULT)),
                [(place.clone(), "coin-amounts-differ")]
            );
        }
    }

    #[test]
    fn two_scripts_for_one_taproot_coin_are_refused() {
        let told = |edit: bool| {
            Scenario::new(ScriptType::Taproot)
                .edit(move |raw| {
                    if edit {
                        change(&mut raw.inputs[0], fields::input::WITNESS_UTXO, |pair| {
                            *pair.value.last_mut().unwrap() ^= 1;
                        });
                    }
                })
                .review()
        };
        let (first, second) = (told(false), told(true));
        let place = format!("{} input 0", first.parsed().txid());
        assert_eq!(
            listed(&review_run(&[first, second], &FeeLimits::DEFAULT)),
            [(place, "coin-amounts-differ")]
        );
    }

    #[test]
    fn an_address_that_looks_like_another_transactions_is_warned_about() {
        let other = |script: bitcoin::ScriptBuf| {
            Scenario::new(ScriptType::Segwit)
                .with(other_coins)
                .with(|scenario| {
                    scenario.outputs[0].txout.script_pubkey = script;
                    scenario.coins[0].own = (crate::wallet::Branch::Receive, 5);
                })
                .review()
        };
        let scenario = Scenario::new(ScriptType::Segwit);
        let first = scenario.review();
        let own = scenario.wallets[0]
            .script_pubkey(crate::wallet::Branch::Receive, 0)
            .unwrap();
        for known in [their_script(1), own] {
            let second = other(lookalike(&known));
            let place = format!("{} output 0", second.parsed().txid());
            let run = review_run(&[first.clone(), second], &FeeLimits::DEFAULT);
            assert_eq!(listed(&run), [(place, "address-lookalike")]);
            assert_eq!(run.findings[0].severity, Severity::Warning);
        }
    }

    #[test]
    fn an_address_in_two_transactions_is_noted() {
        let first = Scenario::new(ScriptType::Segwit).review();
        let second = Scenario::new(ScriptType::Segwit)
            .with(other_coins)
            .with(|scenario| scenario.outputs[0].txout.value = sat(49_000_000))
            .review();
        let place = format!("{} output 0", second.parsed().txid());
        let first_place = format!("{} output 0 pays", first.parsed().txid());
        let run = review_run(&[first, second], &FeeLimits::DEFAULT);
        assert_eq!(listed(&run), [(place, "address-repeated")]);
        assert_eq!(run.findings[0].severity, Severity::Note);
        assert!(run.findings[0].message.starts_with(&first_place));
    }

    /// A payout that is planned twice with another amount, so that the two are not the same.
    #[test]
    fn nearly_the_same_payment_over_other_coins_is_warned_about() {
        let paying = |salt: u32, amount: u64| {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| {
                    for coin in &mut scenario.coins {
                        coin.salt += salt;
                    }
                    scenario.outputs[0].txout.value = sat(amount);
                    scenario.outputs[1].txout.value = sat(99_000_000 - amount);
                })
                .review()
        };
        let first = paying(0, 50_000_000);
        let other = first.parsed().txid();
        for (amount, code, severity) in [
            (50_000_000, "payment-repeated", Severity::Refusal),
            (50_000_001, "payment-similar", Severity::Warning),
            (49_999_999, "payment-similar", Severity::Warning),
            (50_050_000, "payment-similar", Severity::Warning),
            (49_949_900, "address-repeated", Severity::Note),
            (50_050_051, "address-repeated", Severity::Note),
        ] {
            let second = paying(100, amount);
            let place = format!("{} output 0", second.parsed().txid());
            let run = review_run(&[first.clone(), second], &FeeLimits::DEFAULT);
            assert_eq!(listed(&run), [(place, code)], "{amount}");
            assert_eq!(run.findings[0].severity, severity, "{amount}");
            if code == "payment-similar" {
                assert!(run.findings[0].message.contains(&other.to_string()));
                assert_eq!(run.findings[0].found, Some(format!("{amount} sat")));
            }
        }
        // Against the nearest of several, in whatever order they come.
        let runs = [
            paying(0, 50_000_000),
            paying(100, 30_000_000),
            paying(200, 30_000_001),
        ];
        let run = review_run(&runs, &FeeLimits::DEFAULT);
        let codes: Vec<&str> = run
            .findings
            .iter()
            .map(|found| found.code.as_str())
            .collect();
        assert_eq!(codes, ["payment-similar", "address-repeated"]);
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
        assert_eq!(listed(&review_run(&[twice], &FeeLimits::DEFAULT)), []);
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
        let totals = review_run(&[known, unknown], &FeeLimits::DEFAULT).totals;
        assert_eq!((totals.inputs, totals.fee), (None, None));
        assert_eq!(totals.outputs, Some(sat(199_980_000)));
    }

    /// Ten files with a fee of 0.0999 BTC each: every one is within its own bounds.
    #[test]
    fn fees_of_a_run_add_up() {
        let of = |number: u32, fee: u64, paid: u64| {
            Scenario::new(ScriptType::Segwit)
                .with(|scenario| {
                    for coin in &mut scenario.coins {
                        coin.salt += 100 * number;
                        coin.amount = sat(coin.amount.to_sat() * 100);
                    }
                    scenario.outputs[0].txout.script_pubkey =
                        their_script(u8::try_from(number).unwrap() + 40);
                    scenario.outputs[0].txout.value = sat(paid);
                    scenario.outputs[1].txout.value = sat(10_000_000_000 - paid - fee);
                })
                .review()
        };
        let run = |count: u32, fee: u64, paid: u64| {
            let reviews: Vec<Reviewed> = (0..count).map(|number| of(number, fee, paid)).collect();
            review_run(&reviews, &FeeLimits::DEFAULT)
        };
        let findings = |run: &RunReport| -> Vec<(String, String)> {
            let all = run.findings.iter();
            all.map(|finding| (finding.place.to_string(), finding.code.clone()))
                .collect()
        };
        let of_high = [("run".to_owned(), "run-fees-high".to_owned())];
        assert_eq!(findings(&run(2, 100_000, 50_000_000)), []);
        assert_eq!(findings(&run(2, 5_000_000, 10_000_000)), [], "0.1 BTC");
        assert_eq!(findings(&run(2, 5_000_001, 10_000_000)), of_high);
        assert_eq!(
            findings(&run(3, 9_000_000, 90_000_000)),
            [],
            "10 % of what is paid"
        );
        let run = run(3, 9_000_000, 89_000_000);
        assert_eq!(findings(&run), of_high);
        assert_eq!(run.findings[0].severity, Severity::Warning);
        assert_eq!(
            run.findings[0].found.as_deref(),
            Some("27000000 sat in 3 transactions")
        );
        assert_eq!(
            run.findings[0].expected.as_deref(),
            Some("at most 26700000 sat, as 267000000 sat are paid to others")
        );
    }
}
