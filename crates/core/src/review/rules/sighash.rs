//! `sighash-not-all`, `sighash-single-without-output` and `sighash-unknown`: signatures, those
//! asked for and those already there, cover the whole transaction.
//!
//! ECDSA: ALL (0x01). Taproot (BIP341): DEFAULT (0x00) or ALL. NONE, SINGLE and ANYONECANPAY let
//! others change what is paid. SINGLE for an input that has no output of its number signs the
//! number 1 for a legacy coin, and so every coin of the key (Copay's vulnerability of 2014), and no
//! output for a segwit v0 coin (BIP143). Other values, among them those above a byte, have no
//! meaning that could be shown.

use crate::ScriptType;
use crate::psbt::{Input, SignatureFault};
use crate::review::facts::{Facts, InputFacts, SignatureFact};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let outputs = facts.parsed.unsigned_tx().output.len();
    for (index, (proven, input)) in facts.inputs.iter().zip(facts.parsed.inputs()).enumerate() {
        let others = sighashes(proven, input).into_iter();
        let mut others: Vec<u32> = others.filter(|found| !covers_all(proven, *found)).collect();
        others.sort_unstable();
        others.dedup();
        let kinds = others.into_iter().map(|found| kind(found, index, outputs));
        findings.extend(kinds.map(|kind| Finding::new(Place::Input(index), kind)));
    }
}

fn kind(found: u32, input: usize, outputs: usize) -> FindingKind {
    match found {
        0x03 | 0x83 if input >= outputs => {
            FindingKind::SighashSingleWithoutOutput { found, outputs }
        }
        0x02 | 0x03 | 0x81..=0x83 => FindingKind::SighashNotAll { found },
        _ => FindingKind::SighashUnknown { found },
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
    let of_final = proven
        .signatures
        .iter()
        .filter_map(|signature| match signature {
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
    use bitcoin::Witness;
    use bitcoin::consensus::serialize;
    use bitcoin::hex::FromHex as _;

    use crate::ScriptType;
    use crate::psbt::{RawKey, SignatureKind, fields};
    use crate::review::testing::{Scenario, sat};

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
            ] {
                declared(script_type, sighash).expect(name, RULE, &["input 0 sighash-not-all"]);
            }
            for (name, sighash) in [
                ("unknown", 0x04),
                ("ANYONECANPAY alone", 0x80),
                ("unknown with ANYONECANPAY", 0x84),
                ("ALL with a bit that legacy hashes mask", 0x41),
                ("ALL in its lowest byte", 0x0101),
                ("SINGLE in its lowest byte", 0x0103),
                ("the largest", u32::MAX),
            ] {
                declared(script_type, sighash).expect(name, RULE, &["input 0 sighash-unknown"]);
            }
        }
        declared(ScriptType::Taproot, 0x00).expect_clean("DEFAULT");
        declared(ScriptType::Segwit, 0x00).expect(
            "0 for ECDSA",
            RULE,
            &["input 0 sighash-unknown"],
        );
    }

    #[test]
    fn single_without_its_output() {
        for script_type in ScriptType::ALL {
            for sighash in [0x03u32, 0x83] {
                let asked = |outputs: usize| {
                    Scenario::new(script_type)
                        .with(|scenario| {
                            scenario.outputs[0].txout.value = sat(99_990_000);
                            scenario.outputs.truncate(outputs);
                            if outputs == 2 {
                                scenario.outputs[1].txout.value = sat(40_000_000);
                                scenario.outputs[0].txout.value = sat(59_990_000);
                            }
                        })
                        .edit(move |raw| {
                            let key = RawKey::plain(fields::input::SIGHASH_TYPE);
                            raw.inputs[1].set(key, sighash.to_le_bytes().to_vec());
                        })
                };
                asked(1).expect(
                    "input 1 with one output",
                    RULE,
                    &["input 1 sighash-single-without-output"],
                );
                asked(2).expect(
                    "input 1 with its output",
                    RULE,
                    &["input 1 sighash-not-all"],
                );
            }
        }
    }

    #[test]
    fn types_of_signatures_that_are_there() {
        for script_type in ScriptType::ALL {
            for sighash in [0x02, 0x03, 0x81, 0x82, 0x83] {
                let scenario = Scenario::new(script_type);
                let signature = scenario.signature(0, sighash);
                scenario.signed(signature).expect(
                    "signed already",
                    RULE,
                    &["input 0 sighash-not-all"],
                );
            }
        }
    }

    #[test]
    fn types_of_signatures_in_final_scripts() {
        for (script_type, field) in [
            (ScriptType::Segwit, fields::input::FINAL_SCRIPT_WITNESS),
            (ScriptType::Taproot, fields::input::FINAL_SCRIPT_WITNESS),
        ] {
            let scenario = Scenario::new(script_type);
            let items = match scenario.signature(0, 0x02).kind {
                SignatureKind::Ecdsa {
                    public_key,
                    signature,
                } => vec![signature.to_vec(), public_key.to_bytes()],
                SignatureKind::TaprootKeySpend { signature } => vec![signature.to_vec()],
            };
            let witness = serialize(&Witness::from_slice(&items));
            scenario
                .edit(move |raw| raw.inputs[0].set(RawKey::plain(field), witness.clone()))
                .expect("final already", RULE, &["input 0 sighash-not-all"]);
        }
    }

    #[test]
    fn types_of_signatures_for_script_paths() {
        // The generator's x, and a leaf that hashes to anything.
        let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let key = [Vec::from_hex(key).unwrap(), vec![7; 32]].concat();
        let there = |sighash: &[u8]| {
            let (key, value) = (key.clone(), [&[1; 64], sighash].concat());
            Scenario::new(ScriptType::Taproot).edit(move |raw| {
                let key = RawKey::with_data(fields::input::TAP_SCRIPT_SIG, key.clone());
                raw.inputs[0].set(key, value.clone());
            })
        };
        let unused = "input 0 signature-invalid";
        for (name, sighash) in [("NONE", 0x02), ("SINGLE|ANYONECANPAY", 0x83)] {
            there(&[sighash]).expect(name, RULE, &[unused, "input 0 sighash-not-all"]);
        }
        there(&[0x50]).expect("unknown", RULE, &[unused, "input 0 sighash-unknown"]);
    }
}
