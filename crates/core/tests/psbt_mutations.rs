//! Parser, review and finalizer under mutated bytes: they say no, they do not panic.

use std::sync::LazyLock;

use bitcoin::TxOut;
use bitcoin::base64::Engine as _;
use bitcoin::base64::engine::general_purpose::STANDARD;
use cofferdam_core::Network;
use cofferdam_core::psbt::{Limits, Parsed, PsbtError, finalize};
use cofferdam_core::review::{FeeLimits, KnownWallet, ReviewContext, review, review_run};
use cofferdam_core::wallet::Wallet;
use proptest::prelude::*;
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");

/// Every PSBT of the fixture in binary, and the wallets that own some of them.
static FIXTURES: LazyLock<(Vec<Vec<u8>>, Vec<Wallet>)> = LazyLock::new(|| {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let texts = cases.iter().flat_map(|case| {
        let unsigned = &case["unsigned"];
        let partial =
            ["partially_signed_by_key_0", "partially_signed_by_key_2"].map(|field| &case[field]);
        [&unsigned["psbt_v0"], &unsigned["psbt_v2"]]
            .into_iter()
            .chain(partial)
    });
    let psbts = texts
        .filter_map(Value::as_str)
        .map(|text| STANDARD.decode(text).unwrap())
        .collect();
    let wallets = cases.iter().filter_map(|case| {
        let descriptor = case["descriptor"].as_str().unwrap();
        Wallet::from_descriptor(descriptor, "main".parse().unwrap(), Network::Regtest, None).ok()
    });
    (psbts, wallets.collect())
});

/// Does with bytes all that a program does. Returns whether they were a PSBT.
fn use_everything(bytes: &[u8], wallets: &[Wallet]) -> bool {
    let Ok(parsed) = Parsed::parse(bytes, &Limits::DEFAULT) else {
        return false;
    };
    assert_eq!(parsed.to_binary(), bytes, "what is read is written back");
    let coins: Vec<TxOut> = parsed
        .inputs()
        .iter()
        .map(|input| input.witness_utxo.clone().unwrap_or(TxOut::NULL))
        .collect();
    let _ = finalize(&parsed, &coins);
    let known: Vec<KnownWallet<'_>> = wallets
        .iter()
        .map(|wallet| KnownWallet {
            wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        })
        .collect();
    let reviewed = review(parsed, &ReviewContext::new(&known, FeeLimits::DEFAULT));
    let run = review_run(std::slice::from_ref(&reviewed), &FeeLimits::DEFAULT);
    assert_eq!(run.transactions, 1);
    // Signing would need every input proven, or a refusal must say no.
    let all_proven = reviewed.spends().len() == reviewed.parsed().inputs().len();
    assert!(reviewed.has_refusal() || all_proven);
    true
}

#[test]
fn every_truncation_is_refused() {
    let (psbts, _) = &*FIXTURES;
    for psbt in psbts {
        for cut in 0..psbt.len() {
            assert!(
                Parsed::parse(&psbt[..cut], &Limits::DEFAULT).is_err(),
                "cut at {cut}"
            );
        }
        let longer = [psbt.as_slice(), &[0]].concat();
        assert_eq!(
            Parsed::parse(&longer, &Limits::DEFAULT),
            Err(PsbtError::Trailing(1))
        );
    }
}

#[test]
fn every_changed_byte_is_survived() {
    let (psbts, wallets) = &*FIXTURES;
    let mut read = 0;
    for psbt in psbts.iter().take(8) {
        for at in 0..psbt.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = psbt.clone();
                bytes[at] ^= change;
                read += usize::from(use_everything(&bytes, wallets));
            }
        }
    }
    // Amounts, hashes and scripts can change without the form noticing: the review has to.
    assert!(read > 0);
}

#[test]
fn limits_hold_before_memory_is_taken() {
    let (psbts, _) = &*FIXTURES;
    let parsed = Parsed::parse(&psbts[0], &Limits::DEFAULT).unwrap();
    let (inputs, outputs) = (parsed.inputs().len(), parsed.outputs().len());
    let exact = Limits {
        bytes: psbts[0].len(),
        inputs,
        outputs,
        pairs: 40,
        ..Limits::DEFAULT
    };
    assert!(Parsed::parse(&psbts[0], &exact).is_ok());
    for (name, limits) in [
        (
            "bytes",
            Limits {
                bytes: exact.bytes - 1,
                ..exact
            },
        ),
        (
            "inputs",
            Limits {
                inputs: inputs - 1,
                ..exact
            },
        ),
        (
            "outputs",
            Limits {
                outputs: outputs - 1,
                ..exact
            },
        ),
        ("pairs", Limits { pairs: 3, ..exact }),
        ("keys", Limits { keys: 0, ..exact }),
        ("fields", Limits { fields: 3, ..exact }),
    ] {
        let refused = Parsed::parse(&psbts[0], &limits);
        assert!(
            matches!(
                refused,
                Err(PsbtError::TooMany { .. } | PsbtError::TooLarge { .. })
            ),
            "{name}"
        );
    }
    // Version 2 says how many maps follow: a lie costs nothing.
    let mut lying = Parsed::parse(&psbts[1], &Limits::DEFAULT)
        .unwrap()
        .raw()
        .clone();
    let count =
        cofferdam_core::psbt::RawKey::plain(cofferdam_core::psbt::fields::global::INPUT_COUNT);
    lying.global.set(count, vec![0xff; 9]);
    let refused = Parsed::parse(&lying.to_bytes(), &Limits::DEFAULT);
    assert_eq!(
        refused,
        Err(PsbtError::TooMany {
            what: "inputs",
            found: u64::MAX,
            limit: 10_000
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn mutated_fixtures_are_survived(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..8),
    ) {
        let (psbts, wallets) = &*FIXTURES;
        let mut bytes = psbts[which.index(psbts.len())].clone();
        for (at, value, kind) in edits {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = value,
                1 => bytes.insert(at, value),
                2 if at < bytes.len() => {
                    bytes.remove(at);
                }
                _ => {
                    let end = (at + usize::from(value)).min(bytes.len());
                    let part = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
        use_everything(&bytes, wallets);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (_, wallets) = &*FIXTURES;
        use_everything(&bytes, wallets);
        use_everything(&[b"psbt\xff".as_slice(), &bytes].concat(), wallets);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC*") {
        let _ = Parsed::parse(text.as_bytes(), &Limits::DEFAULT);
        let _ = Parsed::parse(format!("cHNidP{text}").as_bytes(), &Limits::DEFAULT);
        let _ = Parsed::parse(format!("70736274ff{text}").as_bytes(), &Limits::DEFAULT);
    }
}
