//! `signature-invalid`, `final-scripts-invalid` and `already-signed`: signatures that own inputs
//! already have are verified, not counted (BIP174's finalizer would believe them).

use crate::psbt::SignatureFault;
use crate::review::facts::{Facts, SignatureFact};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        let kinds = input
            .signatures
            .iter()
            .filter_map(|signature| match signature {
                SignatureFact::Valid => Some(FindingKind::AlreadySigned),
                SignatureFact::FinalForm => Some(FindingKind::FinalScriptsInvalid),
                // Said by `sighash-not-all`.
                SignatureFact::Fault(SignatureFault::Sighash(_)) => None,
                SignatureFact::Fault(fault) => {
                    Some(FindingKind::SignatureInvalid { fault: *fault })
                }
            });
        // Said once for each input, however many strangers signed it.
        let mut different: Vec<FindingKind> = Vec::new();
        for kind in kinds {
            if !different.contains(&kind) {
                different.push(kind);
            }
        }
        let different = different.into_iter();
        findings.extend(different.map(|kind| Finding::new(Place::Input(index), kind)));
    }
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{InputSignature, RawKey, SignatureKind, fields};
    use crate::review::testing::{Scenario, THEIR_WORDS, sat, wallet};
    use crate::wallet::Branch;
    use bitcoin::Witness;

    const RULE: &str = "signatures";

    #[test]
    fn valid_signatures_are_noted() {
        for script_type in ScriptType::ALL {
            let scenario = Scenario::new(script_type);
            let signature = scenario.signature(1, 0x01);
            scenario
                .signed(signature)
                .expect("signed with ALL", RULE, &["input 1 already-signed"]);
        }
    }

    #[test]
    fn false_signatures_are_refused() {
        for script_type in ScriptType::ALL {
            let scenario = Scenario::new(script_type);
            let misplaced = InputSignature {
                input: 1,
                ..scenario.signature(0, 0x01)
            };
            scenario.signed(misplaced).expect(
                "another input's signature",
                RULE,
                &["input 1 signature-invalid"],
            );
            let other = Scenario::new(script_type)
                .with(|scenario| scenario.outputs[0].txout.value = sat(1));
            let replayed = other.signature(0, 0x01);
            Scenario::new(script_type).signed(replayed).expect(
                "another transaction's signature",
                RULE,
                &["input 0 signature-invalid"],
            );
        }
        let junk = Scenario::new(ScriptType::Segwit);
        let stranger = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
            .public_key(Branch::Receive, 0)
            .unwrap();
        let InputSignature {
            kind: SignatureKind::Ecdsa { signature, .. },
            ..
        } = junk.signature(0, 0x01)
        else {
            panic!("segwit signs with ECDSA")
        };
        let public_key = bitcoin::PublicKey::new(stranger);
        let kind = SignatureKind::Ecdsa {
            public_key,
            signature,
        };
        junk.signed(InputSignature { input: 0, kind }).expect(
            "a stranger's junk",
            RULE,
            &["input 0 signature-invalid"],
        );
        Scenario::new(ScriptType::Segwit)
            .edit(|raw| raw.inputs[0].set(RawKey::plain(fields::input::TAP_KEY_SIG), vec![1; 64]))
            .expect(
                "a taproot signature on a segwit v0 input",
                RULE,
                &["input 0 signature-invalid"],
            );
    }

    /// A PSBT has room for a million of them; a review must stay small enough to be shown.
    #[test]
    fn a_fault_is_said_once_for_an_input() {
        Scenario::new(ScriptType::Segwit)
            .edit(|raw| {
                for number in 1..=200u8 {
                    let key = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
                        .public_key(Branch::Receive, number.into())
                        .unwrap();
                    let key = RawKey::with_data(fields::input::PARTIAL_SIG, key.serialize());
                    raw.inputs[0].set(key, vec![0x30, 0x01]);
                }
            })
            .expect(
                "junk of 200 strangers",
                RULE,
                &["input 0 signature-invalid"],
            );
    }

    #[test]
    fn final_scripts_are_verified() {
        let finished = |witness: Vec<Vec<u8>>| {
            Scenario::new(ScriptType::Taproot).edit(move |raw| {
                let witness = bitcoin::consensus::serialize(&Witness::from_slice(&witness));
                raw.inputs[0].set(RawKey::plain(fields::input::FINAL_SCRIPT_WITNESS), witness);
            })
        };
        let InputSignature {
            kind: SignatureKind::TaprootKeySpend { signature },
            ..
        } = Scenario::new(ScriptType::Taproot).signature(0, 0x01)
        else {
            panic!("taproot signs with BIP340")
        };
        let good = signature.to_vec();
        let annex = vec![0x50, 1, 2];
        finished(vec![good.clone()]).expect("a valid witness", RULE, &["input 0 already-signed"]);
        finished(vec![vec![1; 64]]).expect("a false one", RULE, &["input 0 signature-invalid"]);
        finished(vec![good, annex]).expect(
            "one with an annex",
            RULE,
            &["input 0 final-scripts-invalid"],
        );
        finished(vec![]).expect("an empty one", RULE, &["input 0 final-scripts-invalid"]);
    }
}
