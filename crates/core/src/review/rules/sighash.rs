//! `sighash-not-all`: signatures, those asked for and those already there, cover the whole transaction.
//!
//! ECDSA: ALL (0x01). Taproot (BIP341): DEFAULT (0x00) or ALL. NONE, SINGLE and ANYONECANPAY let others change what is paid;
//! unknown values have no meaning that could be shown.

use crate::ScriptType;
use crate::psbt::{Input, SignatureFault};
use crate::review::facts::{Facts, InputFacts, SignatureFact};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, (proven, input)) in facts.inputs.iter().zip(facts.parsed.inputs()).enumerate() {
        let others = sighashes(proven, input).into_iter();
        let mut others: Vec<u32> = others.filter(|found| !covers_all(proven, *found)).collect();
        others.sort_unstable();
        others.dedup();
        let kinds = others
            .into_iter()
            .map(|found| FindingKind::SighashNotAll { found });
        findings.extend(kinds.map(|kind| Finding::new(Place::Input(index), kind)));
    }
}

fn sighashes(proven: &InputFacts, input: &Input) -> Vec<u32> {
    let ecdsa = input
        .partial_signatures
        .iter()
        .filter_map(|signature| signature.sighash_byte());
    // A taproot signature of 64 bytes is one of the default.
    let taproot = input
        .tap_key_signature
        .iter()
        .filter_map(|signature| signature.get(64).copied());
    let scripts = input
        .tap_script_sighash_bytes
        .iter()
        .copied()
        .filter(|byte| *byte != 0);
    let of_final = proven.signatures.iter().filter_map(|signature| match signature {
        SignatureFact::Fault(SignatureFault::Sighash(byte)) => Some(*byte),
        _ => None,
    });
    let bytes = ecdsa.chain(taproot).chain(scripts).chain(of_final);
    input
        .sighash_type
        .into_iter()
        .chain(bytes.map(u32::from))
        .collect()
}

fn covers_all(proven: &InputFacts, sighash: u32) -> bool {
    sighash == 0x01 || sighash == 0x00 && proven.script_type() == Some(ScriptType::Taproot)
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::testing::Scenario;

    const RULE: &str = "sighash";

    fn declared(script_type: ScriptType, sighash: u32) -> Scenario {
        Scenario::new(script_type).edit(move |raw| {
            raw.inputs[0].set(
                RawKey::plain(fields::input::SIGHASH_TYPE),
                sighash.to_le_bytes().to_vec(),
            );
        })
    }

    #[test]
    fn declared_types() {
        for script_type in ScriptType::ALL {
            declared(script_type, 0x01).expect_clean("ALL");
            for (name, sighash) in [
                ("NONE", 0x02),
                ("SINGLE", 0x03),
                ("ALL|ANYONECANPAY", 0x81),
                ("NONE|ANYONECANPAY", 0x82),
                ("SINGLE|ANYONECANPAY", 0x83),
                ("unknown", 0x04),
                ("unknown with ANYONECANPAY", 0x84),
                ("ALL in its lowest byte", 0x0101),
                ("the largest", u32::MAX),
            ] {
                declared(script_type, sighash).expect(name, RULE, &["input 0 sighash-not-all"]);
            }
        }
        declared(ScriptType::Taproot, 0x00).expect_clean("DEFAULT");
        declared(ScriptType::Segwit, 0x00).expect("0 for ECDSA", RULE, &["input 0 sighash-not-all"]);
    }

    #[test]
    fn types_of_signatures_that_are_there() {
        for script_type in ScriptType::ALL {
            for sighash in [0x02, 0x03, 0x81, 0x82, 0x83] {
                let scenario = Scenario::new(script_type);
                let signature = scenario.signature(0, sighash);
                scenario
                    .signed(signature)
                    .expect("signed already", RULE, &["input 0 sighash-not-all"]);
            }
        }
    }
}
