//! `unknown-fields`: fields without meaning here are kept (BIP174) and pointed out.

use bitcoin::hex::DisplayHex;

use crate::psbt::RawKey;
use crate::review::facts::Facts;
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

/// Keys that are shown of one map, and bytes of each: enough to recognise a program by.
const SHOWN_KEYS: usize = 4;
const SHOWN_BYTES: usize = 32;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let parsed = facts.parsed;
    push(findings, Place::Transaction, &parsed.global().unknown);
    for (index, input) in parsed.inputs().iter().enumerate() {
        push(findings, Place::Input(index), &input.unknown);
    }
    for (index, output) in parsed.outputs().iter().enumerate() {
        push(findings, Place::Output(index), &output.unknown);
    }
}

fn push(findings: &mut Vec<Finding>, place: Place, unknown: &[RawKey]) {
    if unknown.is_empty() {
        return;
    }
    let shown = unknown.iter().take(SHOWN_KEYS).map(|key| {
        let bytes = key.to_bytes();
        bytes
            .get(..SHOWN_BYTES)
            .unwrap_or(&bytes)
            .to_lower_hex_string()
    });
    let kind = FindingKind::UnknownFields {
        keys: shown.collect(),
        count: unknown.len(),
    };
    findings.push(Finding::new(place, kind));
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, Version};
    use crate::review::testing::Scenario;

    #[test]
    fn unknown_and_proprietary_fields_are_kept_and_pointed_out() {
        let scenario = Scenario::new(ScriptType::Segwit)
            .edit(|raw| raw.global.set(RawKey::with_data(0x77, [1, 2]), vec![3]))
            .edit(|raw| raw.inputs[0].set(RawKey::with_data(0xfc, *b"\x03abc\x00"), vec![3]))
            .edit(|raw| raw.outputs[1].set(RawKey::plain(0x1234), vec![]));
        scenario.expect(
            "in every map",
            "unknown_fields",
            &[
                "transaction unknown-fields",
                "input 0 unknown-fields",
                "output 1 unknown-fields",
            ],
        );
        let reviewed = scenario.review();
        let found: Vec<_> = reviewed
            .report()
            .findings
            .iter()
            .map(|finding| finding.found.clone())
            .collect();
        assert_eq!(
            found,
            ["770102", "fc0361626300", "fd3412"].map(|key| Some(key.to_owned()))
        );
        assert_eq!(
            reviewed.parsed().to_binary(),
            scenario.raw(Version::V0).to_bytes()
        );
    }

    #[test]
    fn long_keys_are_cut() {
        let scenario = Scenario::new(ScriptType::Segwit).edit(|raw| {
            for number in 0..100u8 {
                raw.global
                    .set(RawKey::with_data(0x77, vec![number; 1_000]), vec![]);
            }
        });
        let report = scenario.review().report().clone();
        assert_eq!(report.findings.len(), 1);
        assert!(report.findings[0].found.as_ref().unwrap().len() < 300);
        assert!(report.findings[0].message.starts_with("100 "));
    }
}
