//! What goes in comes out.

use cofferdam_core::psbt::fields::{global, input};
use cofferdam_core::psbt::{RawKey, RawPair, RawPsbt};
use cofferdam_transport::bundle::{Bundle, BundleError, looks_like_bundle};
use cofferdam_transport::envelope::EnvelopeError;

use super::fixture::{SINGLE, binary, case, cases, parse, wallet};

fn there_and_back<T: AsRef<[u8]>>(psbts: &[T]) -> Vec<u8> {
    let bundle = Bundle::of(wallet(), "po-1", psbts).unwrap();
    let bytes = bundle.to_bytes();
    assert!(looks_like_bundle(&bytes));
    let read = Bundle::parse(&bytes).unwrap();
    assert_eq!(read, bundle);
    assert_eq!((read.wallet_id(), read.name()), (wallet(), "po-1"));
    let expected: Vec<_> = psbts.iter().map(binary).collect();
    assert!(read.psbts().unwrap() == expected, "another PSBT came out");
    bytes
}

#[test]
fn psbts_of_both_versions_and_every_script_come_back_byte_for_byte() {
    for version in [0, 1] {
        let psbts: Vec<String> = cases()
            .iter()
            .map(|case| case.psbts[version].clone())
            .collect();
        there_and_back(&psbts);
        for psbt in &psbts {
            there_and_back(&[psbt]);
        }
    }
}

#[test]
fn a_previous_transaction_is_in_a_bundle_once() {
    for name in SINGLE {
        for psbt in case(name).psbts {
            let parsed = parse(&psbt);
            let bytes = there_and_back(&[psbt]);
            let previous = parsed.raw().inputs[0].plain(input::NON_WITNESS_UTXO);
            if let Some(previous) = previous {
                let found = bytes
                    .windows(previous.len())
                    .filter(|window| *window == previous)
                    .count();
                assert_eq!(found, 1, "{name}");
            }
        }
    }
}

/// Changes the maps of a PSBT of two versions and three inputs, and sends it.
fn changed(change: impl Fn(&mut RawPsbt)) -> [Vec<u8>; 2] {
    case("p2wpkh").psbts.map(|psbt| {
        let mut raw = parse(psbt).raw().clone();
        change(&mut raw);
        let bytes = raw.to_bytes();
        there_and_back(&[&bytes]);
        bytes
    })
}

#[test]
fn pairs_in_any_order_keep_it() {
    changed(|raw| raw.inputs.iter_mut().for_each(|map| map.pairs.reverse()));
}

#[test]
fn fields_that_do_not_fit_their_coin_stay() {
    // The previous transaction of another input.
    changed(|raw| {
        let other = raw.inputs[1]
            .plain(input::NON_WITNESS_UTXO)
            .unwrap()
            .to_vec();
        raw.inputs[0].set(RawKey::plain(input::NON_WITNESS_UTXO), other);
    });
    // A coin of another amount, which a review refuses: the signer shall see it.
    changed(|raw| {
        let mut coin = raw.inputs[0].plain(input::WITNESS_UTXO).unwrap().to_vec();
        coin[0] ^= 1;
        raw.inputs[0].set(RawKey::plain(input::WITNESS_UTXO), coin);
    });
    // One of both fields only.
    changed(|raw| {
        raw.inputs[0].remove_type(input::WITNESS_UTXO);
    });
    changed(|raw| {
        raw.inputs[1].remove_type(input::NON_WITNESS_UTXO);
    });
}

#[test]
fn unknown_fields_stay() {
    changed(|raw| {
        let pair = RawPair {
            key: RawKey::with_data(0x77, [1, 2, 3]),
            value: vec![],
        };
        raw.inputs[2].pairs.insert(0, pair.clone());
        raw.outputs[0].pairs.push(pair.clone());
        raw.global.set(
            RawKey::with_data(global::PROPRIETARY, [3, 1, 2, 3, 0]),
            vec![9; 300],
        );
    });
}

#[test]
fn what_looks_like_left_out_is_no_psbt() {
    for field in [input::NON_WITNESS_UTXO, input::WITNESS_UTXO] {
        let mut raw = parse(&case("p2wpkh").psbts[0]).raw().clone();
        raw.inputs[0].set(RawKey::plain(field), Vec::new());
        let refused = Bundle::of(wallet(), "po-1", &[raw.to_bytes()]);
        assert!(
            matches!(refused, Err(BundleError::Psbt { index: 0, .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn names_are_safe_in_a_folder() {
    let psbt = [&case("p2tr").psbts[0]];
    for name in ["a", "po-0123456789", "A.b_c-9", &"x".repeat(64)] {
        assert_eq!(Bundle::of(wallet(), name, &psbt).unwrap().name(), name);
    }
    for name in [
        "",
        ".",
        "..",
        "-a",
        "a/b",
        "a b",
        "ä",
        "a\n",
        &"x".repeat(65),
    ] {
        assert_eq!(
            Bundle::of(wallet(), name, &psbt),
            Err(BundleError::Name),
            "{name:?}"
        );
    }
}

#[test]
fn only_so_many_different_psbts_make_a_bundle() {
    let psbt = &case("p2tr").psbts[0];
    let none: [&str; 0] = [];
    assert_eq!(Bundle::of(wallet(), "a", &none), Err(BundleError::Empty));
    let txid = parse(psbt).txid();
    assert_eq!(
        Bundle::of(wallet(), "a", &[psbt, psbt]),
        Err(BundleError::Twice(txid))
    );
    let many = vec![psbt; 1_001];
    assert!(matches!(
        Bundle::of(wallet(), "a", &many),
        Err(BundleError::Envelope(EnvelopeError::TooMany { .. }))
    ));
}
