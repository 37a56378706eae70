//! Bundles that say something else than their PSBTs.

use cofferdam_core::ScriptType;
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::bundle::Bundle;

use super::fixture::ours;
use super::payout::Payout;
use super::{Asked, Case, Step};

const BUNDLE: &str = "po-1.bundle";

pub(super) fn cases() -> Vec<Case> {
    let case = |name: &str, title: &str, wants: &str| {
        Case::new(
            name,
            title,
            "the design: bundles are believed nothing",
            wants,
        )
        .caught_by("bundle")
    };
    let another = ours(ScriptType::Nested).id();
    let findings = ["po-1.psbt: transaction bundle-wallet"];
    let mut damaged = bundle(ours(ScriptType::Segwit).id());
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let mut cases = vec![
        case(
            "bundle-for-another-wallet",
            "A bundle names a wallet of the vault that does not own the coins",
            "has the return filed under another wallet, and the payout planned again",
        )
        .file(BUNDLE, bundle(another))
        .step(Step::inspect(&[BUNDLE], 3, &findings))
        .step(Step::refused(&[BUNDLE], &findings)),
        case(
            "bundle-with-a-changed-byte",
            "One byte in the middle of a bundle is another than the watcher wrote",
            "has another PSBT rebuilt than the one whose hash the bundle tells",
        )
        .file(BUNDLE, damaged)
        .step(Step::inspect(&[BUNDLE], 6, &[]).error("malformed-bundle"))
        .step(Step::sign(&[BUNDLE], 6, &[]).error("malformed-bundle")),
    ];
    cases.extend(of_journals());
    cases
}

/// A vault that an older copy was put over, or that has a copy which signs too: the watcher's
/// receipts know, and the bundle asks.
fn of_journals() -> Vec<Case> {
    let case = |name: &str, title: &str, asks: Asked, code: &str| {
        let finding = format!("run: {code}");
        let findings = [finding.as_str()];
        let of = |step: Step| step.asking(asks);
        Case::new(
            name,
            title,
            "the design: receipts",
            "has the vault forget what it signed, and sign for other payees",
        )
        .caught_by("journal-head")
        .file(BUNDLE, bundle(ours(ScriptType::Segwit).id()))
        .step(Step::inspect(&[BUNDLE], 0, &[]).asking(Asked::ItsOwn))
        .step(of(Step::inspect(&[BUNDLE], 0, &findings)))
        .step(of(
            Step::sign(&[BUNDLE], 3, &[]).error("warning-not-accepted")
        ))
        // What was refused made the journal longer, and not the same.
        .step(of(Step::inspect(&[BUNDLE], 0, &findings)))
        .step(of(
            Step::sign(&[BUNDLE], 0, &findings).with(&["--accept", code])
        ))
    };
    vec![
        case(
            "bundle-asks-for-a-longer-journal",
            "A bundle asks for the head at the end of more records than the journal has",
            Asked::Longer,
            "journal-rolled-back",
        ),
        case(
            "bundle-asks-for-another-journal",
            "A bundle asks for a head that the journal does not have at that count",
            Asked::Another,
            "journal-forked",
        ),
    ]
}

fn bundle(wallet: WalletId) -> Vec<u8> {
    let psbts = [Payout::new(ScriptType::Segwit).psbt()];
    Bundle::of(wallet, "po-1", &psbts)
        .expect("a bundle")
        .to_bytes()
}
