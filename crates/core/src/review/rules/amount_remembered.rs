//! `amount-remembered`: a segwit v0 coin whose amount rests on the vault's memory instead of a
//! previous transaction.
//!
//! A segwit v0 signature covers its own input's amount only (BIP143), so that false amounts in two
//! rounds of signing burn money as fee (CVE-2020-14199). A vault that never signs a second amount
//! for a coin breaks the second round: it needs its whole memory, every input must be its own, and
//! the caller compares with the journal.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::AmountProof;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        if let (Some(AmountProof::Remembered), Some(coin)) = (input.proof, &input.coin) {
            let kind = FindingKind::AmountRemembered { amount: coin.value };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::{Scenario, THEIR_WORDS, change, wallet};
    use crate::review::{AmountProof, AmountRule};

    fn without_previous(script_type: ScriptType) -> Scenario {
        Scenario::new(script_type)
            .with(|scenario| scenario.amounts = AmountRule::Remembered)
            .edit(|raw| {
                for map in &mut raw.inputs {
                    map.remove_type(fields::input::NON_WITNESS_UTXO);
                }
            })
    }

    const NOTED: [&str; 2] = ["input 0 amount-remembered", "input 1 amount-remembered"];

    #[test]
    fn segwit_v0_rests_on_memory_where_the_policy_says_so() {
        for script_type in [ScriptType::Nested, ScriptType::Segwit] {
            let scenario = without_previous(script_type);
            scenario.expect("no previous transactions", "amount_remembered", &NOTED);
            let reviewed = scenario.review();
            assert_eq!(reviewed.report().fee.unwrap().amount.to_sat(), 10_000);
            assert_eq!(reviewed.spends().len(), 2);
            let remembered = |spend: &crate::review::Spend| spend.proof == AmountProof::Remembered;
            assert!(reviewed.spends().iter().all(remembered));
        }
    }

    #[test]
    fn a_previous_transaction_overrides() {
        let remembered = |scenario: &mut Scenario| scenario.amounts = AmountRule::Remembered;
        for script_type in ScriptType::ALL {
            Scenario::new(script_type)
                .with(remembered)
                .expect_clean("every amount proven");
        }
        Scenario::new(ScriptType::Segwit)
            .with(remembered)
            .edit(|raw| {
                change(&mut raw.inputs[0], fields::input::WITNESS_UTXO, |pair| {
                    pair.value[0] ^= 1
                });
            })
            .expect(
                "the witness UTXO tells another amount",
                "utxo_fields",
                &["input 0 utxo-fields-differ"],
            );
        Scenario::new(ScriptType::Segwit)
            .with(remembered)
            .edit(|raw| {
                change(
                    &mut raw.inputs[0],
                    fields::input::NON_WITNESS_UTXO,
                    |pair| {
                        *pair.value.last_mut().unwrap() ^= 1;
                    },
                );
            })
            .expect(
                "another transaction",
                "previous_txid",
                &["input 0 previous-txid-mismatch", "transaction fee-unknown"],
            );
    }

    #[test]
    fn legacy_never_rests_on_memory() {
        let scenario = Scenario::new(ScriptType::Legacy);
        let utxo = bitcoin::consensus::serialize(&scenario.previous(&scenario.coins[0]).output[1]);
        scenario
            .with(|scenario| scenario.amounts = AmountRule::Remembered)
            .edit(move |raw| {
                raw.inputs[0].remove_type(fields::input::NON_WITNESS_UTXO);
                raw.inputs[0].set(RawKey::plain(fields::input::WITNESS_UTXO), utxo.clone());
            })
            .expect(
                "legacy with only a witness UTXO",
                "previous_transaction",
                &[
                    "input 0 previous-transaction-missing",
                    "transaction fee-unknown",
                ],
            );
    }

    #[test]
    fn with_others_inputs_nothing_rests_on_memory() {
        without_previous(ScriptType::Segwit)
            .with(|scenario| {
                scenario
                    .wallets
                    .push(wallet(THEIR_WORDS, ScriptType::Segwit, 0));
                scenario.coins[1].wallet = 1;
            })
            .with_unknown_wallet(1)
            .expect(
                "a stranger's coin, its amount only claimed",
                "foreign_input",
                &[
                    "input 0 previous-transaction-missing",
                    "input 1 foreign-amount-unproven",
                    "input 1 foreign-input",
                    "transaction fee-unknown",
                ],
            );
    }
}
