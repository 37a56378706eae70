//! `script-field-differs`: redeem script, witness script and taproot fields of own inputs and
//! outputs are what our wallet derives (BIP16, BIP141, BIP341), or absent.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let inputs = facts.inputs.iter().enumerate();
    let inputs = inputs.flat_map(|(index, input)| {
        input
            .wrong_scripts
            .iter()
            .map(move |field| (Place::Input(index), *field))
    });
    let outputs = facts.outputs.iter().enumerate();
    let outputs = outputs.flat_map(|(index, output)| {
        output
            .wrong_scripts
            .iter()
            .map(move |field| (Place::Output(index), *field))
    });
    findings.extend(
        inputs
            .chain(outputs)
            .map(|(place, field)| Finding::new(place, FindingKind::ScriptFieldDiffers { field })),
    );
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::RawKey;
    use crate::review::testing::Scenario;

    /// Sets a field of input 0 or of the change output, 1.
    fn with_input(script_type: ScriptType, field: u64, value: &'static [u8]) -> Scenario {
        Scenario::new(script_type)
            .edit(move |raw| raw.inputs[0].set(RawKey::plain(field), value.to_vec()))
    }

    fn with_change(script_type: ScriptType, field: u64, value: &'static [u8]) -> Scenario {
        Scenario::new(script_type)
            .edit(move |raw| raw.outputs[1].set(RawKey::plain(field), value.to_vec()))
    }

    /// A point of the curve that is not ours.
    const STRANGER: &[u8] = &[
        0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b,
        0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8,
        0x17, 0x98,
    ];
    const OTHER_PROGRAM: &[u8] = &[
        0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ];

    #[test]
    fn hostile_cases() {
        use crate::psbt::fields::{input, output};
        let (of_input, of_output) = (
            ["input 0 script-field-differs"],
            ["output 1 script-field-differs"],
        );
        let nested = ScriptType::Nested;
        with_input(nested, input::REDEEM_SCRIPT, OTHER_PROGRAM).expect(
            "another redeem script",
            RULE,
            &of_input,
        );
        with_input(nested, input::REDEEM_SCRIPT, &[0x51]).expect(
            "pay to script hash posing as nested",
            RULE,
            &of_input,
        );
        with_change(nested, output::REDEEM_SCRIPT, OTHER_PROGRAM).expect(
            "of change",
            RULE,
            &of_output,
        );
        for script_type in [ScriptType::Legacy, ScriptType::Segwit, ScriptType::Taproot] {
            with_input(script_type, input::REDEEM_SCRIPT, OTHER_PROGRAM).expect(
                "none is needed",
                RULE,
                &of_input,
            );
        }
        for script_type in ScriptType::ALL {
            with_input(script_type, input::WITNESS_SCRIPT, &[0x51]).expect(
                "a witness script",
                RULE,
                &of_input,
            );
            with_input(script_type, input::TAP_MERKLE_ROOT, STRANGER).expect(
                "a hidden tree",
                RULE,
                &of_input,
            );
            with_input(script_type, input::TAP_INTERNAL_KEY, STRANGER).expect(
                "another key",
                RULE,
                &of_input,
            );
            with_change(script_type, output::WITNESS_SCRIPT, &[0x51]).expect(
                "of change",
                RULE,
                &of_output,
            );
            with_change(script_type, output::TAP_INTERNAL_KEY, STRANGER).expect(
                "of change",
                RULE,
                &of_output,
            );
            with_change(script_type, output::TAP_TREE, &[0, 0xc0, 1, 0x51]).expect(
                "of change",
                RULE,
                &of_output,
            );
        }
    }

    const RULE: &str = "script_fields";
}
