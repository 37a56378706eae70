//! PSBTs: what is read is written to a PSBT that reads the same, and its review holds together:
//! nothing is signed whose fee is not the difference of proven sums.

#![no_main]

use std::sync::LazyLock;

use cofferdam_core::Network;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::review::{FeeLimits, KnownWallet, ReviewContext, review, review_run};
use cofferdam_core::wallet::Wallet;
use libfuzzer_sys::fuzz_target;

/// The wallets of the seeds, one a line: those of `fixtures/core-signing` whose descriptors are
/// single-key.
static WALLETS: LazyLock<Vec<Wallet>> = LazyLock::new(|| {
    let lines = include_str!("../corpus/descriptor/all").lines();
    let wallet =
        |line| Wallet::from_descriptor(line, "main".parse().unwrap(), Network::Regtest, None).ok();
    lines.filter_map(wallet).collect()
});

fuzz_target!(|input: &[u8]| {
    let Ok(parsed) = Parsed::parse(input, &Limits::DEFAULT) else {
        return;
    };
    let again = Parsed::parse(&parsed.to_binary(), &Limits::DEFAULT).unwrap();
    assert_eq!(again.txid(), parsed.txid());
    assert_eq!(again.to_binary(), parsed.to_binary());
    let known: Vec<KnownWallet<'_>> = WALLETS
        .iter()
        .map(|wallet| KnownWallet {
            wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        })
        .collect();
    let context = ReviewContext::new(&known, FeeLimits::DEFAULT);
    let reviewed = review(parsed, &context);
    let totals = reviewed.report().totals;
    if !reviewed.has_refusal() {
        assert_eq!(
            totals.inputs.unwrap() - totals.outputs.unwrap(),
            totals.fee.unwrap()
        );
        assert_eq!(reviewed.spends().len(), reviewed.parsed().inputs().len());
    }
    let run = review_run(&[reviewed, review(again, &context)], &FeeLimits::DEFAULT);
    assert_eq!(run.transactions, 1);
});
