//! `data-output`: outputs that carry data are pointed out; the report shows all their bytes.

use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;
use crate::review::report::OutputClass;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let outputs = facts.outputs.iter().zip(&facts.parsed.unsigned_tx().output);
    for (index, (output, tx_out)) in outputs.enumerate() {
        if output.class == OutputClass::Data {
            // Without the byte of OP_RETURN itself.
            let bytes = tx_out.script_pubkey.len().saturating_sub(1);
            findings.push(Finding::new(
                Place::Output(index),
                FindingKind::DataOutput { bytes },
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::review::testing::Scenario;
    use crate::review::{DataReport, OutputClass};
    use bitcoin::ScriptBuf;

    fn data(script: &str) -> Scenario {
        let script = ScriptBuf::from_hex(script).unwrap();
        Scenario::new(ScriptType::Segwit).with(|scenario| scenario.pay(script, 0))
    }

    #[test]
    fn all_bytes_are_shown() {
        for (name, script, hex, text) in [
            ("text", "6a0568656c6c6f", "0568656c6c6f", Some("hello")),
            ("two pushes", "6a026869026869", "026869026869", Some("hihi")),
            (
                "a terminal's escape",
                "6a041b5b324a",
                "041b5b324a",
                Some("\x1b[2J"),
            ),
            (
                "right to left",
                "6a04e280ae61",
                "04e280ae61",
                Some("\u{202e}a"),
            ),
            ("no text", "6a02ff00", "02ff00", None),
            ("a push beyond the end", "6a4cff68", "4cff68", None),
            ("data behind a false push", "6a02686905", "02686905", None),
            ("nothing", "6a", "", None),
        ] {
            let scenario = data(script);
            scenario.expect(name, "data_output", &["output 2 data-output"]);
            let report = scenario.review().report().outputs[2].clone();
            assert_eq!(report.class, OutputClass::Data, "{name}");
            let expected = DataReport {
                hex: hex.into(),
                text: text.map(Into::into),
            };
            assert_eq!(report.data, Some(expected), "{name}");
        }
    }
}
