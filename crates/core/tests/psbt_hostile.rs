//! PSBTs that somebody has tampered with, each by the name of what was done and with the refusal
//! that it must meet.

use bitcoin::consensus::{deserialize, serialize};
use bitcoin::{ScriptBuf, Transaction, Witness};
use cofferdam_core::psbt::fields::{global, input, output};
use cofferdam_core::psbt::{Limits, MapName, Parsed, PsbtError, RawKey, RawMap, RawPsbt};
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");
const V0: &str = "psbt_v0";
const V2: &str = "psbt_v2";

fn parse(bytes: &[u8]) -> Result<Parsed, PsbtError> {
    Parsed::parse(bytes, &Limits::DEFAULT)
}

/// A PSBT of three p2wpkh inputs.
fn raw(version: &str) -> RawPsbt {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let case = fixture["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["name"] == "p2wpkh")
        .unwrap();
    parse(case["unsigned"][version].as_str().unwrap().as_bytes())
        .unwrap()
        .raw()
        .clone()
}

fn refusal(version: &str, tamper: impl FnOnce(&mut RawPsbt)) -> PsbtError {
    let mut raw = raw(version);
    tamper(&mut raw);
    parse(&raw.to_bytes()).expect_err("it must be refused")
}

/// Changes the transaction of a version 0 PSBT and writes it back with `write`.
fn with_transaction(
    change: impl FnOnce(&mut Transaction),
    write: impl FnOnce(&Transaction) -> Vec<u8>,
) -> PsbtError {
    refusal(V0, |raw| {
        let key = RawKey::plain(global::UNSIGNED_TX);
        let mut transaction: Transaction = deserialize(raw.global.get(&key).unwrap()).unwrap();
        change(&mut transaction);
        raw.global.set(key, write(&transaction));
    })
}

fn set(map: &mut RawMap, key_type: u64, value: &[u8]) {
    map.set(RawKey::plain(key_type), value.to_vec());
}

fn invalid_value(map: MapName, field: &str, error: &PsbtError) -> bool {
    matches!(error, PsbtError::InvalidValue { map: found, field: name, .. } if *found == map && *name == field)
}

#[test]
fn files_that_are_no_psbt() {
    for (name, file) in [
        ("nothing", &b""[..]),
        ("white space", b" \n\t"),
        ("a raw transaction in hex", b"0200000001aa"),
        ("another base64 text", b"aGVsbG8gd29ybGQ="),
        ("the magic of another format", b"psbu\xff\x00"),
        ("the magic without its last byte", b"psbt"),
        (
            "a PSBT in base64 with a byte order mark",
            b"\xef\xbb\xbfcHNidP8=",
        ),
        ("base64 whose fifth byte is another", b"cHNidPABAAA="),
    ] {
        assert_eq!(parse(file), Err(PsbtError::NotAPsbt), "{name}");
    }
    assert!(matches!(parse(b"cHNidP8BA!"), Err(PsbtError::Base64(_))));
    assert!(
        matches!(parse(b"cHNidP8BAHECAAAAAA"), Err(PsbtError::Base64(_))),
        "no padding"
    );
    assert!(
        matches!(parse(b"cHNidP9="), Err(PsbtError::Base64(_))),
        "bits behind the last byte"
    );
    assert!(
        matches!(parse(b"70736274ff0"), Err(PsbtError::Hex(_))),
        "half a byte"
    );
    assert!(matches!(parse(b"70736274ffxy"), Err(PsbtError::Hex(_))));
    assert_eq!(
        parse(b"psbt\xff"),
        Err(PsbtError::Truncated(MapName::Global))
    );
}

#[test]
fn maps() {
    let bytes = raw(V0).to_bytes();
    let tampered = |at: usize, remove: usize, insert: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.splice(at..at + remove, insert.iter().copied());
        parse(&bytes).unwrap_err()
    };
    // Magic, key length 1, type 0, then the transaction's length: below 0xfd, so one byte.
    assert_eq!(bytes[5..7], [1, 0]);
    let global = MapName::Global;
    assert_eq!(
        tampered(5, 1, &[0xfd, 1, 0]),
        PsbtError::NonMinimalLength(global),
        "key length"
    );
    assert_eq!(
        tampered(5, 2, &[3, 0xfd, 0, 0]),
        PsbtError::NonMinimalLength(global),
        "key type"
    );
    assert_eq!(
        tampered(7, 1, &[0xfd, bytes[7], 0]),
        PsbtError::NonMinimalLength(global),
        "value length"
    );
    assert_eq!(
        tampered(5, 1, &[0xff; 9]),
        PsbtError::Truncated(global),
        "a key of 2^64 - 1 bytes"
    );
    assert_eq!(
        tampered(bytes.len() - 1, 1, &[]),
        PsbtError::Truncated(MapName::Output(1)),
        "the last separator"
    );
    assert_eq!(
        tampered(bytes.len(), 0, &[0]),
        PsbtError::Trailing(1),
        "one map too many"
    );

    let doubled = |map: &mut RawMap| {
        let pair = map.pairs[0].clone();
        map.pairs.push(pair);
    };
    let key = |bytes: &str| bytes.to_owned();
    assert_eq!(
        refusal(V0, |raw| doubled(&mut raw.global)),
        PsbtError::DuplicateKey {
            map: global,
            key: key("00")
        }
    );
    assert!(matches!(
        refusal(V0, |raw| doubled(&mut raw.inputs[2])),
        PsbtError::DuplicateKey {
            map: MapName::Input(2),
            ..
        }
    ));
    assert_eq!(
        refusal(V0, |raw| {
            for _ in 0..2 {
                raw.outputs[0].pairs.push(cofferdam_core::psbt::RawPair {
                    key: RawKey::with_data(0x99, [1]),
                    value: vec![],
                });
            }
        }),
        PsbtError::DuplicateKey {
            map: MapName::Output(0),
            key: key("9901")
        },
        "also where the field is unknown"
    );
}

#[test]
fn unsigned_transactions_of_version_0() {
    let as_it_is = |transaction: &Transaction| serialize(transaction);
    assert_eq!(
        with_transaction(
            |tx| tx.input[1].script_sig = ScriptBuf::from_bytes(vec![0x51]),
            as_it_is
        ),
        PsbtError::SignedTransaction(1)
    );
    let with_witness = with_transaction(
        |tx| tx.input[0].witness = Witness::from_slice(&[vec![1]]),
        as_it_is,
    );
    assert!(
        matches!(with_witness, PsbtError::UnsignedTransaction(_)),
        "{with_witness}"
    );
    let longer = with_transaction(|_| {}, |tx| [serialize(tx), vec![0]].concat());
    assert!(
        matches!(longer, PsbtError::UnsignedTransaction(_)),
        "{longer}"
    );
    let shorter = with_transaction(|_| {}, |tx| serialize(tx)[..50].to_vec());
    assert!(
        matches!(shorter, PsbtError::UnsignedTransaction(_)),
        "{shorter}"
    );
    let more_inputs = with_transaction(|tx| tx.input.push(tx.input[0].clone()), as_it_is);
    assert!(
        !matches!(more_inputs, PsbtError::UnsignedTransaction(_)),
        "an input without a map"
    );
    let too_many = with_transaction(|tx| tx.input = vec![tx.input[0].clone(); 10_001], as_it_is);
    assert_eq!(
        too_many,
        PsbtError::TooMany {
            what: "inputs",
            found: 10_001,
            limit: 10_000
        }
    );
    let too_large = with_transaction(
        |tx| tx.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x6a; 1_000_000]),
        as_it_is,
    );
    assert!(
        matches!(too_large, PsbtError::TransactionTooLarge { .. }),
        "{too_large}"
    );
}

#[test]
fn versions_and_their_fields() {
    let version = |number: u32| {
        refusal(V0, |raw| {
            set(&mut raw.global, global::VERSION, &number.to_le_bytes())
        })
    };
    assert_eq!(version(1), PsbtError::UnknownVersion(1));
    assert_eq!(version(3), PsbtError::UnknownVersion(3));
    assert!(matches!(
        version(2),
        PsbtError::ForbiddenField {
            field: "PSBT_GLOBAL_UNSIGNED_TX",
            version: 2,
            ..
        }
    ));
    let mut explicit = raw(V0);
    set(&mut explicit.global, global::VERSION, &0u32.to_le_bytes());
    assert!(parse(&explicit.to_bytes()).is_ok(), "version 0 may say so");

    let mixed = refusal(V2, |raw| set(&mut raw.global, global::UNSIGNED_TX, &[]));
    assert!(
        matches!(mixed, PsbtError::ForbiddenField { version: 2, .. }),
        "both transactions: {mixed}"
    );
    let other_amount = refusal(V0, |raw| set(&mut raw.outputs[0], output::AMOUNT, &[1; 8]));
    assert!(
        matches!(other_amount, PsbtError::ForbiddenField { version: 0, .. }),
        "a second amount: {other_amount}"
    );
    for (name, field) in [
        ("txid", input::PREVIOUS_TXID),
        ("index", input::OUTPUT_INDEX),
    ] {
        let missing = refusal(V2, |raw| assert_eq!(raw.inputs[1].remove_type(field), 1));
        assert!(
            matches!(
                missing,
                PsbtError::MissingField {
                    map: MapName::Input(1),
                    ..
                }
            ),
            "{name}: {missing}"
        );
    }
    for (name, field) in [("amount", output::AMOUNT), ("script", output::SCRIPT)] {
        let missing = refusal(V2, |raw| assert_eq!(raw.outputs[1].remove_type(field), 1));
        assert!(
            matches!(
                missing,
                PsbtError::MissingField {
                    map: MapName::Output(1),
                    ..
                }
            ),
            "{name}: {missing}"
        );
    }
    let count = refusal(V2, |raw| {
        set(&mut raw.global, global::INPUT_COUNT, &[0xfd, 3, 0])
    });
    assert!(
        invalid_value(MapName::Global, "PSBT_GLOBAL_INPUT_COUNT", &count),
        "{count}"
    );
    let count = refusal(V2, |raw| set(&mut raw.global, global::INPUT_COUNT, &[2]));
    assert!(
        !invalid_value(MapName::Global, "PSBT_GLOBAL_INPUT_COUNT", &count),
        "an input too many: {count}"
    );
}

#[test]
fn lock_times_of_version_2() {
    let determined = |fallback: Option<u32>, required: [(Option<u32>, Option<u32>); 3]| {
        let mut raw = raw(V2);
        raw.global.remove_type(global::FALLBACK_LOCKTIME);
        if let Some(fallback) = fallback {
            set(
                &mut raw.global,
                global::FALLBACK_LOCKTIME,
                &fallback.to_le_bytes(),
            );
        }
        for (map, (height, time)) in raw.inputs.iter_mut().zip(required) {
            for (field, value) in [
                (input::REQUIRED_HEIGHT_LOCKTIME, height),
                (input::REQUIRED_TIME_LOCKTIME, time),
            ] {
                if let Some(value) = value {
                    set(map, field, &value.to_le_bytes());
                }
            }
        }
        parse(&raw.to_bytes()).map(|parsed| parsed.unsigned_tx().lock_time.to_consensus_u32())
    };
    let (none, height, time) = ((None, None), (Some(100), None), (None, Some(1_600_000_000)));
    let both = (Some(90), Some(1_600_000_001));
    assert_eq!(determined(None, [none; 3]), Ok(0));
    assert_eq!(determined(Some(7), [none; 3]), Ok(7));
    assert_eq!(
        determined(Some(7), [none, height, none]),
        Ok(100),
        "the fallback gives way"
    );
    assert_eq!(
        determined(None, [height, (Some(101), None), both]),
        Ok(101),
        "the greatest height"
    );
    assert_eq!(
        determined(None, [time, none, both]),
        Ok(1_600_000_001),
        "only times are possible"
    );
    assert_eq!(
        determined(None, [both, both, none]),
        Ok(90),
        "of two kinds the height"
    );
    assert_eq!(
        determined(None, [both, height, time]),
        Err(PsbtError::LockTimeConflict)
    );
    let conflict = determined(None, [height, time, none]);
    assert_eq!(conflict, Err(PsbtError::LockTimeConflict));
    for (height, time) in [
        (Some(0), None),
        (Some(500_000_000), None),
        (None, Some(499_999_999)),
    ] {
        let refused = determined(None, [(height, time), none, none]);
        assert!(
            matches!(
                refused,
                Err(PsbtError::InvalidValue {
                    map: MapName::Input(0),
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn forms_of_fields() {
    let of_input = MapName::Input(0);
    type Tamper = fn(&mut RawMap);
    let cases: [(&str, &str, Tamper); 8] = [
        (
            "a previous transaction with a byte too many",
            "PSBT_IN_NON_WITNESS_UTXO",
            |map| {
                let value = map.plain(input::NON_WITNESS_UTXO).unwrap();
                let longer = [value, &[0]].concat();
                set(map, input::NON_WITNESS_UTXO, &longer);
            },
        ),
        (
            "a spent output with a byte too many",
            "PSBT_IN_WITNESS_UTXO",
            |map| {
                let longer = [map.plain(input::WITNESS_UTXO).unwrap(), &[0]].concat();
                set(map, input::WITNESS_UTXO, &longer);
            },
        ),
        (
            "a sighash type of one byte",
            "PSBT_IN_SIGHASH_TYPE",
            |map| set(map, input::SIGHASH_TYPE, &[1]),
        ),
        ("a path of half a step", "PSBT_IN_BIP32_DERIVATION", |map| {
            for pair in &mut map.pairs {
                if pair.key.key_type == input::BIP32_DERIVATION {
                    pair.value.truncate(6);
                }
            }
        }),
        (
            "a taproot signature of 63 bytes",
            "PSBT_IN_TAP_KEY_SIG",
            |map| set(map, input::TAP_KEY_SIG, &[1; 63]),
        ),
        (
            "an internal key off the curve",
            "PSBT_IN_TAP_INTERNAL_KEY",
            |map| {
                set(map, input::TAP_INTERNAL_KEY, &[0xff; 32]);
            },
        ),
        (
            "leaf hashes beyond the end",
            "PSBT_IN_TAP_BIP32_DERIVATION",
            |map| {
                let generator = bitcoin::secp256k1::constants::GENERATOR_X;
                map.set(
                    RawKey::with_data(input::TAP_BIP32_DERIVATION, generator),
                    [&[0xff; 9][..], &[0; 8]].concat(),
                );
            },
        ),
        (
            "a witness that ends early",
            "PSBT_IN_FINAL_SCRIPTWITNESS",
            |map| {
                set(map, input::FINAL_SCRIPT_WITNESS, &[2, 1, 1]);
            },
        ),
    ];
    for (name, field, tamper) in cases {
        let refused = refusal(V0, |raw| tamper(&mut raw.inputs[0]));
        assert!(
            invalid_value(of_input, field, &refused),
            "{name}: {refused}"
        );
    }
    let key_data = refusal(V0, |raw| {
        raw.inputs[0].set(RawKey::with_data(input::WITNESS_UTXO, [0]), vec![])
    });
    assert_eq!(
        key_data,
        PsbtError::InvalidKey {
            map: of_input,
            field: "PSBT_IN_WITNESS_UTXO"
        }
    );
    for key in [&[2u8; 32][..], &[5; 33], &[2; 65]] {
        let refused = refusal(V0, |raw| {
            raw.inputs[0].set(RawKey::with_data(input::PARTIAL_SIG, key), vec![1])
        });
        assert_eq!(
            refused,
            PsbtError::InvalidKey {
                map: of_input,
                field: "PSBT_IN_PARTIAL_SIG"
            }
        );
    }
    let tree = refusal(V0, |raw| {
        set(&mut raw.outputs[0], output::TAP_TREE, &[1, 0xc0, 1, 0x51])
    });
    assert!(
        invalid_value(MapName::Output(0), "PSBT_OUT_TAP_TREE", &tree),
        "half a tree: {tree}"
    );
    let proprietary = refusal(V0, |raw| {
        raw.global
            .set(RawKey::with_data(global::PROPRIETARY, [9, 1]), vec![])
    });
    assert_eq!(
        proprietary,
        PsbtError::InvalidKey {
            map: MapName::Global,
            field: "PSBT_GLOBAL_PROPRIETARY"
        }
    );
}
