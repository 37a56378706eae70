//! Random transactions as Bitcoin Core sees them, against the review: amounts, fee, txid by
//! `decodepsbt`; whose a script is by the addresses that `deriveaddresses` gives for the wallets'
//! descriptors.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

mod core;
mod random_payout;

use bitcoin::base64::Engine as _;
use bitcoin::base64::engine::general_purpose::STANDARD;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::review::{FeeLimits, ReviewContext, review};
use cofferdam_testkit::Bitcoind;
use cofferdam_testkit::frames::Random;
use cofferdam_testkit::hostile::fixture::known_wallets;
use serde_json::{Value, json};

/// Transactions that are compared.
const WANTED: usize = 10_000;

/// Transactions of one request.
const BATCH: usize = 250;

/// The seed of the transactions.
const SEED: u64 = 174_370;

#[test]
fn the_review_agrees_with_bitcoin_core() {
    let node = Bitcoind::start().unwrap();
    let addresses = core::Addresses::derive(&node).unwrap();
    let known = known_wallets();
    let context = ReviewContext::new(&known, FeeLimits::DEFAULT);
    let mut random = Random::new(SEED);
    let mut seen = core::Seen::default();
    for _ in 0..WANTED / BATCH {
        let psbts: Vec<Vec<u8>> = (0..BATCH)
            .map(|_| random_payout::payout(&mut random).psbt())
            .collect();
        let calls: Vec<Value> = psbts
            .iter()
            .map(|psbt| json!([STANDARD.encode(psbt)]))
            .collect();
        let decoded = node.batch("decodepsbt", &calls).unwrap();
        for (psbt, decoded) in psbts.iter().zip(&decoded) {
            let reviewed = review(Parsed::parse(psbt, &Limits::DEFAULT).unwrap(), &context);
            let theirs = core::View::read(decoded, &addresses).unwrap();
            let ours = core::View::of(&reviewed, &mut seen);
            assert_eq!(ours, theirs, "{}", STANDARD.encode(psbt));
        }
    }
    println!(
        "differential: {WANTED} of {WANTED} random transactions agree with Bitcoin Core; {seen}"
    );
    assert!(seen.is_varied(), "{seen}");
}
