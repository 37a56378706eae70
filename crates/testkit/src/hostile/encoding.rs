//! Bytes that two programs would read differently, or that none should read at all.

use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash as _;
use bitcoin::hex::DisplayHex as _;
use bitcoin::sighash::SighashCache;
use bitcoin::{EcdsaSighashType, ScriptBuf, Witness};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::{global, input, output};
use cofferdam_core::psbt::{Encoding, RawKey, RawMap, RawPair, RawPsbt, Version};

use super::Case;
use super::payout::{Payout, set, unsigned_bytes};

const TWO_MEANINGS: &str = "has one program show what another one does not sign";
const BIP174: &str = "BIP174: parsers disagree on what is not forbidden";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = duplicates();
    cases.extend(versions());
    cases.extend(transactions());
    cases.extend(lengths());
    cases.extend(no_psbt());
    cases.extend(forms());
    for case in &mut cases {
        let lenient = LENIENT.iter().filter(|(name, _)| *name == case.name);
        case.lenient = lenient.map(|(_, parser)| (*parser).to_owned()).collect();
    }
    cases
}

/// Cases that another parser reads: rust-bitcoin's, or that of the crate psbt-v2.
const LENIENT: [(&str, &str); 9] = [
    ("bytes-trailing-bytes", "bitcoin"),
    ("bytes-trailing-psbt", "bitcoin"),
    ("version-0-with-a-lock-time", "bitcoin"),
    ("version-0-with-a-previous-txid", "bitcoin"),
    ("version-0-with-a-script", "bitcoin"),
    ("version-0-with-a-sequence", "bitcoin"),
    ("version-0-with-an-amount", "bitcoin"),
    ("version-2-counts-an-output-less", "psbt-v2"),
    ("version-2-lock-times-of-both-kinds", "psbt-v2"),
];

fn plain() -> Payout {
    Payout::new(ScriptType::Segwit)
}

fn edited(version: Version, edit: impl FnOnce(&mut RawPsbt)) -> Vec<u8> {
    plain().edited_as(version, edit)
}

fn twin(version: Version) -> Vec<u8> {
    plain().raw(version).to_bytes()
}

fn double(map: &mut RawMap, key_type: u64, value: &[u8]) {
    let mut pair = map
        .pairs
        .iter()
        .find(|pair| pair.key.key_type == key_type)
        .expect("the field is there")
        .clone();
    if !value.is_empty() {
        pair.value = value.to_vec();
    }
    map.pairs.push(pair);
}

fn duplicates() -> Vec<Case> {
    let case = |name: &str, what: &str, version: Version, edit: &dyn Fn(&mut RawPsbt)| {
        Case::new(
            &format!("duplicate-key-{name}"),
            &format!("{what} stands twice in one map"),
            "BIP174: keys must be unique",
            TWO_MEANINGS,
        )
        .unreadable(edited(version, edit), twin(version))
    };
    let coin = serialize(&plain().coins[1].txout());
    let transaction = unsigned_bytes(
        &plain()
            .with(|payout| payout.outputs[0].sat = 1_000_000)
            .unsigned_tx(),
    );
    vec![
        case(
            "unsigned-transaction",
            "The unsigned transaction",
            Version::V0,
            &|raw| {
                double(&mut raw.global, global::UNSIGNED_TX, &transaction);
            },
        ),
        case(
            "witness-utxo",
            "The witness UTXO, with two amounts,",
            Version::V0,
            &|raw| {
                double(&mut raw.inputs[0], input::WITNESS_UTXO, &coin);
            },
        ),
        case(
            "derivation",
            "The derivation of the change",
            Version::V0,
            &|raw| {
                double(&mut raw.outputs[1], output::BIP32_DERIVATION, &[]);
            },
        ),
        case("unknown", "An unknown key", Version::V0, &|raw| {
            for value in [1, 2] {
                let key = RawKey::with_data(0x77, [1]);
                raw.outputs[0].pairs.push(RawPair {
                    key,
                    value: vec![value],
                });
            }
        }),
        case("amount", "The amount of an output", Version::V2, &|raw| {
            double(&mut raw.outputs[0], output::AMOUNT, &1_000u64.to_le_bytes());
        }),
    ]
}

fn versions() -> Vec<Case> {
    let case = |name: &str, title: &str, version: Version, edit: &dyn Fn(&mut RawPsbt)| {
        Case::new(
            &format!("version-{name}"),
            title,
            "BIP370: which fields a version has, and which it must not have",
            TWO_MEANINGS,
        )
        .unreadable(edited(version, edit), twin(version))
    };
    let transaction = unsigned_bytes(&plain().unsigned_tx());
    vec![
        case(
            "2-with-an-unsigned-transaction",
            "A PSBT of version 2 also has the unsigned transaction of version 0",
            Version::V2,
            &|raw| set(&mut raw.global, global::UNSIGNED_TX, transaction.clone()),
        ),
        case(
            "0-with-an-amount",
            "A PSBT of version 0 also has the amount of an output, as version 2 does",
            Version::V0,
            &|raw| set(&mut raw.outputs[0], output::AMOUNT, 1_000u64.to_le_bytes()),
        ),
        case(
            "0-with-a-script",
            "A PSBT of version 0 also has the script of an output, as version 2 does",
            Version::V0,
            &|raw| set(&mut raw.outputs[0], output::SCRIPT, vec![0x51]),
        ),
        case(
            "0-with-a-previous-txid",
            "A PSBT of version 0 also names the coin in an input's map, as version 2 does",
            Version::V0,
            &|raw| set(&mut raw.inputs[0], input::PREVIOUS_TXID, vec![1; 32]),
        ),
        case(
            "0-with-a-sequence",
            "A PSBT of version 0 also has a sequence number in an input's map, as version 2 does",
            Version::V0,
            &|raw| set(&mut raw.inputs[0], input::SEQUENCE, [0xff; 4]),
        ),
        case(
            "0-with-a-lock-time",
            "A PSBT of version 0 also has the fallback lock time of version 2",
            Version::V0,
            &|raw| set(&mut raw.global, global::FALLBACK_LOCKTIME, [1, 0, 0, 0]),
        ),
        case(
            "1",
            "A PSBT says that it has version 1",
            Version::V0,
            &|raw| {
                set(&mut raw.global, global::VERSION, 1u32.to_le_bytes());
            },
        ),
        case(
            "3",
            "A PSBT says that it has version 3",
            Version::V2,
            &|raw| {
                set(&mut raw.global, global::VERSION, 3u32.to_le_bytes());
            },
        ),
        case(
            "2-without-an-amount",
            "An output of a PSBT of version 2 has no amount",
            Version::V2,
            &|raw| {
                raw.outputs[0].remove_type(output::AMOUNT);
            },
        ),
        case(
            "2-counts-an-output-less",
            "A PSBT of version 2 counts one output less than it has",
            Version::V2,
            &|raw| set(&mut raw.global, global::OUTPUT_COUNT, [1]),
        ),
        case(
            "2-counts-without-end",
            "A PSBT of version 2 counts 2^64 - 1 inputs",
            Version::V2,
            &|raw| set(&mut raw.global, global::INPUT_COUNT, [0xff; 9]),
        ),
        case(
            "2-lock-times-of-both-kinds",
            "One input needs a lock time in blocks, the other one in time",
            Version::V2,
            &|raw| {
                set(
                    &mut raw.inputs[0],
                    input::REQUIRED_HEIGHT_LOCKTIME,
                    800_000u32.to_le_bytes(),
                );
                set(
                    &mut raw.inputs[1],
                    input::REQUIRED_TIME_LOCKTIME,
                    1_700_000_000u32.to_le_bytes(),
                );
            },
        ),
    ]
}

fn transactions() -> Vec<Case> {
    let with = |bytes: Vec<u8>| {
        edited(Version::V0, |raw| {
            set(&mut raw.global, global::UNSIGNED_TX, bytes)
        })
    };
    let mut signed = plain().unsigned_tx();
    signed.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]);
    let mut witnessed = plain().unsigned_tx();
    witnessed.input[0].witness = Witness::from_slice(&[vec![1; 64]]);
    let mut longer = plain().unsigned_tx();
    longer.input.push(longer.input[0].clone());
    let case = |name: &str, title: &str, hostile: Vec<u8>| {
        Case::new(name, title, BIP174, TWO_MEANINGS).unreadable(hostile, twin(Version::V0))
    };
    vec![
        case(
            "unsigned-transaction-with-script-sig",
            "The unsigned transaction has a signature script",
            with(serialize(&signed)),
        ),
        case(
            "unsigned-transaction-with-witness",
            "The unsigned transaction has a witness",
            with(serialize(&witnessed)),
        ),
        case(
            "unsigned-transaction-with-trailing-bytes",
            "A byte follows the unsigned transaction, within its field",
            with([unsigned_bytes(&plain().unsigned_tx()), vec![0]].concat()),
        ),
        case(
            "unsigned-transaction-with-an-input-more",
            "The unsigned transaction has an input more than there are maps",
            with(serialize(&longer)),
        ),
        case(
            "no-unsigned-transaction",
            "A PSBT of version 0 has no transaction",
            edited(Version::V0, |raw| {
                raw.global.remove_type(global::UNSIGNED_TX);
            }),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let bytes = twin(Version::V0);
    // Magic, key length 1, type 0, then the transaction's length, below 0xfd.
    let spliced = |at: usize, remove: usize, insert: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.splice(at..at + remove, insert.iter().copied());
        bytes
    };
    let length = bytes[7];
    let table = [
        (
            "trailing-bytes",
            "A byte follows the last map",
            spliced(bytes.len(), 0, &[0]),
        ),
        (
            "trailing-psbt",
            "A second whole PSBT follows the first in one file",
            [bytes.as_slice(), &bytes].concat(),
        ),
        (
            "cut-off",
            "The last separator is missing",
            spliced(bytes.len() - 1, 1, &[]),
        ),
        (
            "length-not-minimal",
            "A length is written in three bytes where one would do",
            spliced(7, 1, &[0xfd, length, 0]),
        ),
        (
            "key-type-not-minimal",
            "A key's type is written in three bytes where one would do",
            spliced(5, 2, &[3, 0xfd, 0, 0]),
        ),
        (
            "length-without-end",
            "A key says that it has 2^64 - 1 bytes",
            spliced(5, 1, &[0xff; 9]),
        ),
    ];
    let case = |(name, title, hostile): (&str, &str, Vec<u8>)| {
        Case::new(&format!("bytes-{name}"), title, BIP174, TWO_MEANINGS)
            .unreadable(hostile, bytes.clone())
    };
    table.into_iter().map(case).collect()
}

/// Things that are no PSBT, offered in the hope that something signs them.
fn no_psbt() -> Vec<Case> {
    let payout = plain();
    let mut cache = SighashCache::new(payout.unsigned_tx());
    let coin = payout.coins[0].txout();
    let hash = cache
        .p2wpkh_signature_hash(0, &coin.script_pubkey, coin.value, EcdsaSighashType::All)
        .expect("a signature hash")
        .to_byte_array();
    let transaction = serialize(&payout.unsigned_tx());
    let base64 = String::from_utf8(Encoding::Base64.encode(&twin(Version::V0))).expect("text");
    let table = [
        (
            "sighash-offered-as-a-message",
            "The signature hash of a transaction, in hexadecimal, as a message to be signed",
            "signers of messages that sign any 32 bytes",
            hash.to_lower_hex_string().into_bytes(),
        ),
        (
            "sighash-offered-as-bytes",
            "The signature hash of a transaction, as 32 bytes",
            "signers of messages that sign any 32 bytes",
            hash.to_vec(),
        ),
        (
            "signed-message-offered",
            "A text with the prefix of signed messages and a signature hash in it",
            "Bitcoin's signed messages; BIP322",
            format!(
                "\u{18}Bitcoin Signed Message:\n@{}",
                hash.to_lower_hex_string()
            )
            .into_bytes(),
        ),
        (
            "raw-transaction-offered",
            "The transaction itself, in hexadecimal, without a PSBT",
            "signers that take raw transactions see no amounts",
            transaction.to_lower_hex_string().into_bytes(),
        ),
        (
            "base64-with-a-tail",
            "The base64 of a PSBT, and text behind its padding",
            "RFC 4648: nothing follows the padding",
            format!("{}==ZXZpbA==\n", base64.trim_end().trim_end_matches('=')).into_bytes(),
        ),
        (
            "base64-with-a-mark",
            "The base64 of a PSBT behind a byte order mark",
            "Unicode: the mark is no white space",
            format!("\u{feff}{base64}").into_bytes(),
        ),
    ];
    let case = |(name, title, source, file): (&str, &str, &str, Vec<u8>)| {
        Case::new(
            name,
            title,
            source,
            "has something signed that no review can show",
        )
        .psbt("twin.psbt", twin(Version::V0))
        .unreadable_file(file)
    };
    table.into_iter().map(case).collect()
}

/// Known fields that have not their form.
fn forms() -> Vec<Case> {
    let case = |name: &str, title: &str, edit: &dyn Fn(&mut RawPsbt)| {
        Case::new(
            &format!("form-{name}"),
            title,
            "BIP174, BIP371: the form of each known field",
            "has a field skipped by one program and read by another",
        )
        .unreadable(edited(Version::V0, edit), twin(Version::V0))
    };
    vec![
        case(
            "sighash-of-one-byte",
            "A sighash type of one byte in place of four",
            &|raw| {
                set(&mut raw.inputs[0], input::SIGHASH_TYPE, [1]);
            },
        ),
        case(
            "derivation-of-seven-bytes",
            "A derivation whose path is cut within a step",
            &|raw| {
                super::payout::pair(&mut raw.outputs[1], output::BIP32_DERIVATION)
                    .value
                    .truncate(7);
            },
        ),
        case(
            "key-off-the-curve",
            "A derivation of a key that is no point of the curve",
            &|raw| {
                super::payout::pair(&mut raw.outputs[1], output::BIP32_DERIVATION)
                    .key
                    .data = [&[2][..], &[0xff; 32]].concat();
            },
        ),
        case(
            "witness-utxo-with-a-tail",
            "A byte follows the witness UTXO, within its field",
            &|raw| {
                super::payout::pair(&mut raw.inputs[0], input::WITNESS_UTXO)
                    .value
                    .push(0);
            },
        ),
        case(
            "witness-utxo-with-key-data",
            "The witness UTXO's key has data behind its type",
            &|raw| {
                super::payout::pair(&mut raw.inputs[0], input::WITNESS_UTXO)
                    .key
                    .data = vec![0];
            },
        ),
        case(
            "previous-transaction-with-a-tail",
            "A byte follows the previous transaction, within its field",
            &|raw| {
                super::payout::pair(&mut raw.inputs[0], input::NON_WITNESS_UTXO)
                    .value
                    .push(0);
            },
        ),
        case(
            "internal-key-of-33-bytes",
            "A taproot internal key in its form of 33 bytes",
            &|raw| {
                set(&mut raw.inputs[0], input::TAP_INTERNAL_KEY, [2; 33]);
            },
        ),
        case(
            "signature-of-no-bytes",
            "A partial signature of no bytes",
            &|raw| {
                let (key, _) = super::signature::signature(&plain(), 0, 1);
                raw.inputs[0].set(key, Vec::new());
            },
        ),
    ]
}
