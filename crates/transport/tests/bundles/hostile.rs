//! Bundles that somebody made to deceive or to exhaust: each is refused, and nothing else ever
//! comes out.

use std::time::Instant;

use bitcoin::absolute::LockTime;
use bitcoin::consensus::serialize;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use cofferdam_core::psbt::fields::{global, input};
use cofferdam_core::psbt::{Limits, PsbtError, RawKey, RawMap, RawPsbt};
use cofferdam_transport::bundle::{Bundle, BundleError};
use cofferdam_transport::envelope::EnvelopeError;

use super::fixture::{binary, case, forged_bundle, parse, resealed, sealed, sha256, wallet};

fn open(bytes: &[u8]) -> Result<Vec<Vec<u8>>, BundleError> {
    Bundle::parse(bytes)?.psbts()
}

/// A small bundle, what comes out of it, and its parts: a previous transaction and a lean PSBT.
struct Small {
    bytes: Vec<u8>,
    psbt: Vec<u8>,
    previous: Vec<u8>,
    lean: Vec<u8>,
}

fn small() -> Small {
    let mut raw = parse(&case("p2wpkh").psbts[1]).raw().clone();
    // One input, one output.
    raw.inputs.truncate(1);
    raw.outputs.truncate(1);
    raw.global.set(RawKey::plain(global::INPUT_COUNT), vec![1]);
    raw.global.set(RawKey::plain(global::OUTPUT_COUNT), vec![1]);
    let psbt = raw.to_bytes();
    let previous = raw.inputs[0]
        .plain(input::NON_WITNESS_UTXO)
        .unwrap()
        .to_vec();
    for field in [input::NON_WITNESS_UTXO, input::WITNESS_UTXO] {
        raw.inputs[0].set(RawKey::plain(field), Vec::new());
    }
    let bytes = Bundle::of(wallet(), "po-1", &[&psbt]).unwrap().to_bytes();
    Small {
        bytes,
        psbt,
        previous,
        lean: raw.to_bytes(),
    }
}

#[test]
fn the_forge_writes_what_we_write() {
    let small = small();
    let forged = forged_bundle(&[&small.previous], &[(sha256(&small.psbt), &small.lean)]);
    assert_eq!(forged, small.bytes);
}

#[test]
fn every_flipped_bit_is_found() {
    let small = small();
    for bit in 0..small.bytes.len() * 8 {
        let mut flipped = small.bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&flipped).is_err(), "bit {bit}");
        // Even with the right checksum no other PSBT comes out.
        let flipped = resealed(&flipped);
        if let Ok(psbts) = open(&flipped) {
            assert!(psbts == [small.psbt.clone()], "bit {bit}");
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let small = small();
    for cut in 0..small.bytes.len() {
        assert!(open(&small.bytes[..cut]).is_err(), "cut at {cut}");
        if cut > 32 {
            assert!(
                open(&resealed(&small.bytes[..cut])).is_err(),
                "cut at {cut}, resealed"
            );
        }
    }
}

#[test]
fn nothing_follows_the_end() {
    let small = small();
    let longer = [&small.bytes[..], &[0]].concat();
    assert_eq!(open(&longer), Err(EnvelopeError::Checksum.into()));
    let end = small.bytes.len() - 35;
    let inside = [&small.bytes[..end], &[0], &small.bytes[end..]].concat();
    assert_eq!(
        open(&resealed(&inside)),
        Err(EnvelopeError::Trailing(1).into())
    );
}

#[test]
fn keys_stand_once_in_order_and_are_known() {
    let small = small();
    let at = |needle: &[u8]| {
        small
            .bytes
            .windows(needle.len())
            .position(|window| window == needle)
            .unwrap()
    };
    let name = at(b"\x03\x64po-1");
    for (found, expected) in [(2, 3), (6, 3)] {
        let mut bytes = small.bytes.clone();
        bytes[name] = found;
        let error = EnvelopeError::Key {
            expected,
            found: u64::from(found),
        };
        assert_eq!(open(&resealed(&bytes)), Err(error.into()));
    }
    let with_manifests = sealed(8, "cofferdam/bundle", |encoder| {
        encoder.u8(2).unwrap().bytes(wallet().as_bytes()).unwrap();
    });
    assert!(open(&with_manifests).is_err());
}

#[test]
fn psbts_are_proven_by_their_hash() {
    let Small {
        psbt,
        previous,
        lean,
        ..
    } = small();
    let hash = sha256(&psbt);
    let forged =
        |previous: &[&[u8]], psbts: &[([u8; 32], &[u8])]| open(&forged_bundle(previous, psbts));
    assert_eq!(
        forged(&[&previous], &[(hash, &lean)]),
        Ok(vec![psbt.clone()])
    );
    assert_eq!(
        forged(&[&previous], &[([0; 32], &lean)]),
        Err(BundleError::NotAsSent(0))
    );
    // A whole PSBT needs no previous transaction.
    assert_eq!(forged(&[], &[(hash, &psbt)]), Ok(vec![psbt.clone()]));
    let txid = bitcoin::consensus::deserialize::<Transaction>(&previous)
        .unwrap()
        .compute_txid();
    assert_eq!(
        forged(&[&previous], &[(hash, &psbt)]),
        Err(BundleError::PreviousUnused(txid))
    );
    assert_eq!(
        forged(&[&previous, &previous], &[(hash, &lean)]),
        Err(BundleError::PreviousTwice(txid))
    );
    let unsigned = parse(&psbt);
    assert_eq!(
        forged(&[&previous], &[(hash, &lean), (hash, &psbt)]),
        Err(BundleError::Twice(unsigned.txid()))
    );
    assert_eq!(forged(&[&previous], &[]), Err(BundleError::Empty));
}

#[test]
fn a_previous_transaction_that_does_not_belong_is_of_no_use() {
    let Small {
        psbt,
        previous,
        lean,
        ..
    } = small();
    let hash = sha256(&psbt);
    let outpoint = parse(&psbt).unsigned_tx().input[0].previous_output;
    let missing = Err(BundleError::PreviousMissing { index: 0, outpoint });
    let mut other: Transaction = bitcoin::consensus::deserialize(&previous).unwrap();
    other.output[0].value += Amount::from_sat(1);
    let forged = |previous: &[&[u8]]| open(&forged_bundle(previous, &[(hash, &lean)]));
    assert_eq!(forged(&[&serialize(&other)]), missing);
    assert_eq!(forged(&[]), missing);
    assert_eq!(forged(&[b"none"]), Err(BundleError::Previous(0)));
    let longer = [&previous[..], &[0]].concat();
    assert_eq!(forged(&[&longer]), Err(BundleError::Previous(0)));
    // An output that the previous transaction does not have.
    let mut raw = parse(&psbt).raw().clone();
    raw.inputs[0].set(
        RawKey::plain(input::OUTPUT_INDEX),
        77u32.to_le_bytes().to_vec(),
    );
    for field in [input::NON_WITNESS_UTXO, input::WITNESS_UTXO] {
        raw.inputs[0].set(RawKey::plain(field), Vec::new());
    }
    let bytes = forged_bundle(&[&previous], &[(hash, &raw.to_bytes())]);
    assert!(matches!(
        open(&bytes),
        Err(BundleError::PreviousMissing { .. })
    ));
}

/// A lean PSBT of version 2 whose inputs all spend outputs of one transaction.
fn bomb(previous: &Transaction, inputs: usize, mark: u8) -> Vec<u8> {
    let mut global = RawMap::default();
    let count = |count: usize| match count {
        0..=0xfc => vec![count as u8],
        _ => [&[0xfd][..], &(count as u16).to_le_bytes()].concat(),
    };
    global.set(RawKey::plain(global::TX_VERSION), vec![2, 0, 0, 0]);
    global.set(
        RawKey::plain(global::FALLBACK_LOCKTIME),
        vec![mark, 0, 0, 0],
    );
    global.set(RawKey::plain(global::INPUT_COUNT), count(inputs));
    global.set(RawKey::plain(global::OUTPUT_COUNT), count(0));
    global.set(RawKey::plain(global::VERSION), vec![2, 0, 0, 0]);
    let mut map = RawMap::default();
    map.set(RawKey::plain(input::NON_WITNESS_UTXO), Vec::new());
    map.set(RawKey::plain(input::WITNESS_UTXO), Vec::new());
    map.set(
        RawKey::plain(input::PREVIOUS_TXID),
        serialize(&previous.compute_txid()),
    );
    map.set(RawKey::plain(input::OUTPUT_INDEX), vec![0; 4]);
    RawPsbt {
        global,
        inputs: vec![map; inputs],
        outputs: Vec::new(),
    }
    .to_bytes()
}

fn previous(script: usize) -> Transaction {
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![TxOut {
            value: Amount::from_sat(1),
            script_pubkey: ScriptBuf::from_bytes(vec![0x6a; script]),
        }],
    }
}

#[test]
fn an_expansion_bomb_ends_before_it_expands() {
    // 10,000 inputs of one transaction of 1 MB, twice in each: 20 GB of a bundle of 1.6 MB.
    let transaction = previous(1_000_000);
    let lean = bomb(&transaction, 10_000, 0);
    let bytes = forged_bundle(&[&serialize(&transaction)], &[([0; 32], &lean)]);
    let start = Instant::now();
    let refused = open(&bytes);
    let elapsed = start.elapsed();
    println!(
        "a bundle of {} B that claims 20 GB: refused after {elapsed:.1?}",
        bytes.len()
    );
    assert!(matches!(
        refused,
        Err(BundleError::Psbt {
            error: PsbtError::TooLarge { .. },
            ..
        })
    ));

    // Each is within the limit of a PSBT, all together are not.
    let transaction = previous(10_000);
    let leans: Vec<_> = (0..4).map(|mark| bomb(&transaction, 5_000, mark)).collect();
    let whole: Vec<_> = leans
        .iter()
        .map(|lean| rebuilt(lean, &transaction))
        .collect();
    let psbts: Vec<_> = whole
        .iter()
        .zip(&leans)
        .map(|(whole, lean)| (sha256(whole), &lean[..]))
        .collect();
    let bytes = forged_bundle(&[&serialize(&transaction)], &psbts);
    let start = Instant::now();
    assert_eq!(open(&bytes), Err(BundleError::Rebuilt));
    println!(
        "a bundle of {} B that claims 400 MB: refused after {:.1?}",
        bytes.len(),
        start.elapsed()
    );
}

fn rebuilt(lean: &[u8], previous: &Transaction) -> Vec<u8> {
    let (mut raw, _) = RawPsbt::parse(lean, &Limits::DEFAULT).unwrap();
    for map in &mut raw.inputs {
        map.set(RawKey::plain(input::NON_WITNESS_UTXO), serialize(previous));
        map.set(
            RawKey::plain(input::WITNESS_UTXO),
            serialize(&previous.output[0]),
        );
    }
    raw.to_bytes()
}

#[test]
fn a_coin_without_its_previous_transaction_cannot_be_left_out() {
    let Small { psbt, previous, .. } = small();
    let mut raw = parse(&psbt).raw().clone();
    raw.inputs[0].set(RawKey::plain(input::WITNESS_UTXO), Vec::new());
    let bytes = forged_bundle(&[&previous], &[(sha256(&psbt), &raw.to_bytes())]);
    assert_eq!(open(&bytes), Err(BundleError::NotAsSent(0)));
}

#[test]
fn other_bytes_are_no_bundle() {
    let psbt = binary(&case("p2tr").psbts[0]);
    for other in [&b""[..], b"{}", &[0xff; 100], &psbt] {
        assert_eq!(
            open(other),
            Err(EnvelopeError::OtherFormat("bundle").into())
        );
    }
    let newer = {
        let mut bytes = small().bytes;
        let version = 2 + 1 + "cofferdam/bundle".len() + 1;
        assert_eq!(bytes[version], 1);
        bytes[version] = 3;
        bytes
    };
    assert_eq!(
        open(&newer),
        Err(EnvelopeError::NewerVersion { found: 3, known: 2 }.into())
    );
}
