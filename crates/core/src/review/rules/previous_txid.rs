//! `previous-txid-mismatch`: a previous transaction hashes to the txid of the outpoint (BIP174).

use crate::review::facts::{Facts, Previous};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        if let Previous::Other(found) = input.previous {
            let expected = input.outpoint.txid;
            let kind = FindingKind::PreviousTxidMismatch { expected, found };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::{Scenario, sat};
    use bitcoin::consensus::serialize;

    #[test]
    fn hostile_cases() {
        for script_type in [ScriptType::Legacy, ScriptType::Nested, ScriptType::Segwit] {
            let scenario = Scenario::new(script_type);
            // The same coin worth less, in a transaction that never was.
            let mut forged = scenario.previous(&scenario.coins[0]);
            forged.output[1].value = sat(10_000_000);
            let other = serialize(&forged);
            scenario
                .edit(move |raw| {
                    let key = RawKey::plain(fields::input::NON_WITNESS_UTXO);
                    raw.inputs[0].set(key, other.clone());
                    if script_type == ScriptType::Legacy {
                        // Legacy has no other field that says what is spent.
                        let utxo = serialize(&forged.output[1]);
                        raw.inputs[0].set(RawKey::plain(fields::input::WITNESS_UTXO), utxo);
                    }
                })
                .expect(
                    "a previous transaction that was made up",
                    "previous_txid",
                    &["input 0 previous-txid-mismatch", "transaction fee-unknown"],
                );
        }
    }

    #[test]
    fn previous_transactions_swapped_between_inputs_prove_nothing() {
        Scenario::new(ScriptType::Segwit)
            .edit(|raw| {
                let key = || RawKey::plain(fields::input::NON_WITNESS_UTXO);
                let [a, b] =
                    [0, 1].map(|input: usize| raw.inputs[input].get(&key()).unwrap().to_vec());
                raw.inputs[0].set(key(), b);
                raw.inputs[1].set(key(), a);
            })
            .expect(
                "swapped",
                "previous_txid",
                &[
                    "input 0 previous-txid-mismatch",
                    "input 1 previous-txid-mismatch",
                    "transaction fee-unknown",
                ],
            );
    }

    #[test]
    fn witnesses_in_the_previous_transaction_do_not_change_its_txid() {
        let scenario = Scenario::new(ScriptType::Segwit);
        let mut previous = scenario.previous(&scenario.coins[0]);
        previous.input[0].witness.push([1, 2, 3]);
        let with_witness = serialize(&previous);
        scenario
            .edit(move |raw| {
                raw.inputs[0].set(
                    RawKey::plain(fields::input::NON_WITNESS_UTXO),
                    with_witness.clone(),
                );
            })
            .expect_clean("a previous transaction with witnesses");
    }

    /// One previous transaction is read once for all inputs that name it; another one under its
    /// name is still another one.
    #[test]
    fn a_forgery_beside_the_true_transaction_is_found() {
        let scenario = Scenario::new(ScriptType::Segwit).with(|scenario| {
            scenario.coins[1] = scenario.coins[0].clone();
            scenario.outputs[1].txout.value = sat(69_990_000);
        });
        let mut forged = scenario.previous(&scenario.coins[0]);
        forged.output[1].value = sat(10_000_000);
        let forged = serialize(&forged);
        scenario
            .edit(move |raw| {
                raw.inputs[1].set(
                    RawKey::plain(fields::input::NON_WITNESS_UTXO),
                    forged.clone(),
                );
            })
            .expect(
                "beside the true one",
                "previous_txid",
                &[
                    "input 1 duplicate-outpoint",
                    "input 1 previous-txid-mismatch",
                    "transaction fee-unknown",
                ],
            );
    }

    #[test]
    fn taproot_may_have_none_but_not_a_false_one() {
        let scenario = Scenario::new(ScriptType::Taproot);
        let other = serialize(&scenario.previous(&scenario.coins[1]));
        scenario
            .edit(move |raw| {
                raw.inputs[0].set(
                    RawKey::plain(fields::input::NON_WITNESS_UTXO),
                    other.clone(),
                );
            })
            .expect(
                "taproot with a false one",
                "previous_txid",
                &["input 0 previous-txid-mismatch", "transaction fee-unknown"],
            );
    }
}
