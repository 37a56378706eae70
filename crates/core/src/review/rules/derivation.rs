//! `false-derivation`: a derivation with the vault's fingerprint is true: path, key and script are
//! what our wallet derives.
//!
//! Derivations (BIP174, BIP371) are how change is recognised; a false one decorates somebody else's
//! output as ours.

use crate::review::facts::{Facts, FalseClaim};
use crate::review::finding::{Finding, FindingKind};
use crate::review::place::Place;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (index, input) in facts.inputs.iter().enumerate() {
        findings.extend(
            input
                .false_claims
                .iter()
                .map(|claim| finding(Place::Input(index), claim)),
        );
    }
    for (index, output) in facts.outputs.iter().enumerate() {
        findings.extend(
            output
                .false_claims
                .iter()
                .map(|claim| finding(Place::Output(index), claim)),
        );
    }
}

fn finding(place: Place, claim: &FalseClaim) -> Finding {
    let FalseClaim { source, fault } = claim.clone();
    Finding::new(place, FindingKind::FalseDerivation { source, fault })
}

#[cfg(test)]
mod tests {
    use crate::ScriptType;
    use crate::psbt::{RawKey, fields};
    use crate::review::OutputClass;
    use crate::review::testing::{OUR_WORDS, Scenario, THEIR_WORDS, change, origin, sat, wallet};
    use crate::wallet::Branch;
    use bitcoin::bip32::Fingerprint;

    /// Adds an output of somebody else's, decorated with a derivation of ours.
    fn decorated(
        script_type: ScriptType,
        fingerprint: Option<Fingerprint>,
        path: &'static str,
        key: Key,
    ) -> Scenario {
        let own = wallet(OUR_WORDS, script_type, 0);
        let fingerprint = fingerprint.unwrap_or(own.single().unwrap().fingerprint());
        let key = match key {
            Key::Ours => own.public_key(Branch::Change, 7).unwrap(),
            Key::Theirs => wallet(THEIR_WORDS, script_type, 0)
                .public_key(Branch::Change, 7)
                .unwrap(),
        };
        Scenario::new(script_type).edit(move |raw| {
            let map = &mut raw.outputs[0];
            let source = origin(fingerprint, path);
            if script_type == ScriptType::Taproot {
                let x_only = key.x_only_public_key().0.serialize();
                let value = [&[0], source.as_slice()].concat();
                map.set(
                    RawKey::with_data(fields::output::TAP_BIP32_DERIVATION, x_only),
                    value,
                );
            } else {
                map.set(
                    RawKey::with_data(fields::output::BIP32_DERIVATION, key.serialize()),
                    source,
                );
            }
        })
    }

    #[derive(Clone, Copy)]
    enum Key {
        Ours,
        Theirs,
    }

    const FRAUD: [&str; 1] = ["output 0 false-derivation"];

    #[test]
    fn decorated_outputs_are_fraud() {
        let paths = [
            (ScriptType::Legacy, "44h/1h/0h/1/7"),
            (ScriptType::Nested, "49h/1h/0h/1/7"),
            (ScriptType::Segwit, "84h/1h/0h/1/7"),
            (ScriptType::Taproot, "86h/1h/0h/1/7"),
        ];
        for (script_type, path) in paths {
            let case = |fingerprint, key| decorated(script_type, fingerprint, path, key);
            case(None, Key::Ours).expect("their script with our key", "derivation", &FRAUD);
            case(None, Key::Theirs).expect(
                "their script with their key at our path",
                "derivation",
                &FRAUD,
            );
            let zero = Some(Fingerprint::default());
            case(zero, Key::Ours).expect("our key, fingerprint zero", "derivation", &FRAUD);
            case(zero, Key::Theirs).expect_clean("their key, fingerprint zero: their own business");
            let other = Some(Fingerprint::from([1, 2, 3, 4]));
            case(other, Key::Ours).expect("our key, another fingerprint", "derivation", &FRAUD);
            case(other, Key::Theirs).expect_clean("their key, their fingerprint");
        }
    }

    /// A PSBT has room for a million of them; a review must stay small enough to be made and shown.
    #[test]
    fn four_false_claims_are_enough() {
        let fingerprint = wallet(OUR_WORDS, ScriptType::Segwit, 0)
            .single()
            .unwrap()
            .fingerprint();
        Scenario::new(ScriptType::Segwit)
            .edit(move |raw| {
                for number in 0..200u32 {
                    let key = wallet(THEIR_WORDS, ScriptType::Segwit, 0)
                        .public_key(Branch::Receive, number)
                        .unwrap();
                    let key = RawKey::with_data(fields::output::BIP32_DERIVATION, key.serialize());
                    raw.outputs[0].set(key, origin(fingerprint, &format!("84h/1h/0h/1/{number}")));
                }
            })
            .expect("200 claims on their output", "derivation", &[FRAUD[0]; 4]);
    }

    #[test]
    fn paths_that_lead_nowhere_are_fraud() {
        let segwit = ScriptType::Segwit;
        for (name, path) in [
            ("another account", "84h/1h/1h/1/7"),
            ("another type", "86h/1h/0h/1/7"),
            ("a hardened index", "84h/1h/0h/1/7h"),
            ("a hardened branch", "84h/1h/0h/1h/7"),
            ("a third branch", "84h/1h/0h/2/7"),
            ("too deep", "84h/1h/0h/1/7/0"),
            ("too short", "84h/1h/0h/7"),
            ("unhardened account", "84h/1h/0/1/7"),
        ] {
            decorated(segwit, None, path, Key::Ours).expect(name, "derivation", &FRAUD);
        }
        decorated(segwit, None, "84h/0h/0h/1/7", Key::Ours).expect(
            "another network",
            "derivation",
            &[FRAUD[0], "output 0 wrong-network"],
        );
    }

    #[test]
    fn listed_keys_of_inputs_are_derived_again() {
        for script_type in [ScriptType::Legacy, ScriptType::Nested, ScriptType::Segwit] {
            let stranger = wallet(THEIR_WORDS, script_type, 0)
                .public_key(Branch::Receive, 0)
                .unwrap();
            Scenario::new(script_type)
                .edit(move |raw| {
                    change(
                        &mut raw.inputs[0],
                        fields::input::BIP32_DERIVATION,
                        |pair| {
                            pair.key.data = stranger.serialize().to_vec();
                        },
                    );
                })
                .expect(
                    "our path and script with a stranger's key",
                    "derivation",
                    &["input 0 false-derivation"],
                );
        }
    }

    #[test]
    fn an_index_that_is_not_the_scripts_is_false() {
        let wrong = wallet(OUR_WORDS, ScriptType::Segwit, 0)
            .key_origin(Branch::Receive, 1)
            .unwrap();
        Scenario::new(ScriptType::Segwit)
            .edit(move |raw| {
                change(
                    &mut raw.inputs[0],
                    fields::input::BIP32_DERIVATION,
                    |pair| {
                        pair.key.data = wrong.0.serialize().to_vec();
                        pair.value = origin(wrong.1.0, "84h/1h/0h/0/1");
                    },
                );
            })
            .expect(
                "index 1 for the script of index 0",
                "derivation",
                &["input 0 false-derivation", "input 0 foreign-input"],
            );
    }

    #[test]
    fn own_coins_and_change_with_other_fingerprints_are_proven_by_key() {
        let fingerprints = [[0; 4], [1, 2, 3, 4]];
        let cases = fingerprints
            .map(|fingerprint| ScriptType::ALL.map(|script_type| (script_type, fingerprint)));
        for (script_type, fingerprint) in cases.concat() {
            let scenario = Scenario::new(script_type).edit(move |raw| {
                for map in raw.inputs.iter_mut().chain(&mut raw.outputs) {
                    for pair in &mut map.pairs {
                        match pair.key.key_type {
                            fields::input::BIP32_DERIVATION | fields::output::BIP32_DERIVATION
                                if pair.key.data.len() == 33 =>
                            {
                                pair.value[..4].copy_from_slice(&fingerprint);
                            }
                            fields::input::TAP_BIP32_DERIVATION
                            | fields::output::TAP_BIP32_DERIVATION
                                if pair.key.data.len() == 32 =>
                            {
                                pair.value[1..5].copy_from_slice(&fingerprint);
                            }
                            _ => {}
                        }
                    }
                }
            });
            scenario.expect_clean("fingerprint zero or a stranger's");
            assert_eq!(
                scenario.review().report().outputs[1].class,
                OutputClass::Change
            );
        }
    }

    /// Somebody found a seed with our fingerprint: four bytes take hours. Their derivation over
    /// their own output claims to be ours, and is refused; it never makes their output change.
    #[test]
    fn a_colliding_fingerprint_makes_nothing_ours() {
        let ours = wallet(OUR_WORDS, ScriptType::Segwit, 0)
            .single()
            .unwrap()
            .fingerprint();
        let theirs = wallet(THEIR_WORDS, ScriptType::Segwit, 0);
        let key = theirs.public_key(Branch::Change, 9).unwrap();
        let script = theirs.script_pubkey(Branch::Change, 9).unwrap();
        let scenario = Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.outputs[1].txout.script_pubkey = script;
                scenario.outputs[1].own = None;
            })
            .edit(move |raw| {
                let key = RawKey::with_data(fields::output::BIP32_DERIVATION, key.serialize());
                raw.outputs[1].set(key, origin(ours, "84h/1h/0h/1/9"));
            });
        scenario.expect(
            "their output as our change",
            "derivation",
            &["output 1 false-derivation"],
        );
        assert_eq!(
            scenario.review().report().outputs[1].class,
            OutputClass::Payment
        );
        // The same over a coin of theirs.
        let key = theirs.public_key(Branch::Receive, 0).unwrap();
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| {
                scenario.wallets.push(theirs);
                scenario.coins[1].wallet = 1;
            })
            .with_unknown_wallet(1)
            .edit(move |raw| {
                let key = RawKey::with_data(fields::input::BIP32_DERIVATION, key.serialize());
                raw.inputs[1].set(key, origin(ours, "84h/1h/0h/0/0"));
            })
            .expect(
                "their coin as ours",
                "derivation",
                &["input 1 false-derivation", "input 1 foreign-input"],
            );
    }

    /// Derivations that do not claim to be ours are tried up to a bound, so that junk costs no
    /// time; what names our fingerprint is always looked at.
    #[test]
    fn junk_before_the_truth_makes_nothing_ours() {
        let theirs = wallet(THEIR_WORDS, ScriptType::Segwit, 0);
        let keys = (0..200).map(|number| theirs.public_key(Branch::Receive, number).unwrap());
        let keys: Vec<_> = keys.map(|key| key.serialize()).collect();
        let class = |junk: usize, named: bool| {
            let keys = keys[..junk].to_vec();
            let scenario = Scenario::new(ScriptType::Segwit).edit(move |raw| {
                let map = &mut raw.outputs[1];
                let mut own = map.pairs.clone();
                map.remove_type(fields::output::BIP32_DERIVATION);
                for key in &keys {
                    let key = RawKey::with_data(fields::output::BIP32_DERIVATION, *key);
                    map.set(key, origin(Fingerprint::default(), "84h/1h/0h/1/8"));
                }
                own.retain(|pair| pair.key.key_type == fields::output::BIP32_DERIVATION);
                for pair in &mut own {
                    if !named {
                        pair.value[..4].fill(0);
                    }
                }
                map.pairs.extend(own);
            });
            scenario.review().report().outputs[1].class
        };
        assert_eq!(class(31, false), OutputClass::Change);
        assert_eq!(class(32, false), OutputClass::Payment);
        assert_eq!(class(200, true), OutputClass::Change);
    }

    #[test]
    fn what_is_not_declared_is_recognised_by_a_script_that_is() {
        for script_type in ScriptType::ALL {
            let own = wallet(OUR_WORDS, script_type, 0);
            let received = own.script_pubkey(Branch::Receive, 0).unwrap();
            let changed = own.script_pubkey(Branch::Change, 3).unwrap();
            let scenario = Scenario::new(script_type).with(|scenario| {
                scenario.outputs[1].txout.value = sat(40_000_000);
                scenario.pay(received, 5_000_000);
                scenario.pay(changed, 4_990_000);
            });
            let report = scenario.review().report().clone();
            let found: Vec<_> = report.outputs.iter().map(|output| output.class).collect();
            let expected = [
                OutputClass::Payment,
                OutputClass::Change,
                OutputClass::SelfTransfer,
                OutputClass::Change,
            ];
            assert_eq!(found, expected);
            assert_eq!(report.totals.leaves, Some(sat(50_000_000)));
            // A second coin on an own script, claimed to be foreign.
            Scenario::new(script_type)
                .with(|scenario| scenario.coins[1].own = scenario.coins[0].own)
                .edit(|raw| {
                    raw.inputs[1].remove_type(fields::input::BIP32_DERIVATION);
                    raw.inputs[1].remove_type(fields::input::TAP_BIP32_DERIVATION);
                })
                .expect_clean("an own coin without its derivation");
        }
    }

    #[test]
    fn another_wallets_fingerprint_over_our_change_is_false() {
        let other = wallet(THEIR_WORDS, ScriptType::Segwit, 0);
        let fingerprint = other.single().unwrap().fingerprint();
        Scenario::new(ScriptType::Segwit)
            .with(|scenario| scenario.wallets.push(other))
            .edit(move |raw| {
                change(
                    &mut raw.outputs[1],
                    fields::output::BIP32_DERIVATION,
                    |pair| {
                        pair.value[..4].copy_from_slice(fingerprint.as_bytes());
                    },
                );
            })
            .expect(
                "of two registered wallets, the wrong one",
                "derivation",
                &["output 1 false-derivation"],
            );
    }

    /// The same point in its long form is another key to a script: no coin of ours pays to it.
    #[test]
    fn our_key_uncompressed_is_not_our_key() {
        let key = wallet(OUR_WORDS, ScriptType::Legacy, 0)
            .public_key(Branch::Receive, 0)
            .unwrap();
        Scenario::new(ScriptType::Legacy)
            .edit(move |raw| {
                change(
                    &mut raw.inputs[0],
                    fields::input::BIP32_DERIVATION,
                    |pair| {
                        pair.key.data = key.serialize_uncompressed().to_vec();
                    },
                );
            })
            .expect("uncompressed", "derivation", &["input 0 false-derivation"]);
    }
}
