//! `utxo-missing`: each input says what it spends (BIP174: a signer must have the UTXO).

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        if input.coin.is_none() {
            findings.push(Finding::new(Place::Input(index), FindingKind::UtxoMissing));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::fields;
    use crate::review::testing::Scenario;

    #[test]
    fn hostile_cases() {
        for script_type in ScriptType::ALL {
            Scenario::new(script_type)
                .edit(|raw| {
                    raw.inputs[1].remove_type(fields::input::NON_WITNESS_UTXO);
                    raw.inputs[1].remove_type(fields::input::WITNESS_UTXO);
                })
                .expect(
                    "an input that does not say what it spends",
                    "utxo_missing",
                    &["input 1 utxo-missing", "transaction fee-unknown"],
                );
        }
    }
}
