//! `utxo-fields-differ`: where previous transaction and witness UTXO are both present, they are the
//! same coin.

use crate::review::facts::{Facts, Previous};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        if let (Previous::Proven(previous), Some(claimed)) = (&input.previous, &input.claimed)
            && previous != claimed
        {
            let kind = FindingKind::UtxoFieldsDiffer {
                previous: previous.clone(),
                claimed: claimed.clone(),
            };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::fields;
    use crate::review::testing::{Scenario, change};

    #[test]
    fn hostile_cases() {
        type Forge = fn(&mut Vec<u8>);
        let forgeries: [(&str, Forge); 2] = [
            ("a smaller amount", |utxo| utxo[0] ^= 1),
            ("another script", |utxo| *utxo.last_mut().unwrap() ^= 1),
        ];
        for script_type in [ScriptType::Nested, ScriptType::Segwit] {
            for (name, forge) in forgeries {
                Scenario::new(script_type)
                    .edit(move |raw| {
                        change(&mut raw.inputs[1], fields::input::WITNESS_UTXO, |pair| {
                            forge(&mut pair.value)
                        });
                    })
                    .expect(name, "utxo_fields", &["input 1 utxo-fields-differ"]);
            }
        }
    }
}
