//! `output-index-out-of-range`: the previous transaction has the output that is spent.

use crate::review::facts::{Facts, Previous};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        if let Previous::NoSuchOutput(outputs) = input.previous {
            let kind = FindingKind::OutputIndexOutOfRange {
                outputs,
                found: input.outpoint.vout,
            };
            findings.push(Finding::new(Place::Input(index), kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::Scenario;

    #[test]
    fn hostile_cases() {
        for index in [2, u32::MAX] {
            let scenario = Scenario::new(ScriptType::Segwit);
            let mut unsigned = scenario.unsigned_tx();
            unsigned.input[0].previous_output.vout = index;
            let unsigned = bitcoin::consensus::serialize(&unsigned);
            scenario
                .edit(move |raw| {
                    let v0 = RawKey::plain(fields::global::UNSIGNED_TX);
                    if raw.global.get(&v0).is_some() {
                        raw.global.set(v0, unsigned.clone());
                    } else {
                        let key = RawKey::plain(fields::input::OUTPUT_INDEX);
                        raw.inputs[0].set(key, index.to_le_bytes().to_vec());
                    }
                })
                .expect(
                    "an output that the previous transaction has not",
                    "output_index",
                    &[
                        "input 0 output-index-out-of-range",
                        "transaction fee-unknown",
                    ],
                );
        }
    }
}
