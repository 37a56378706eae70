//! What the journal remembers, and what an attacker hopes that it does not.

use cofferdam_core::ScriptType;
use cofferdam_core::psbt::Version;
use cofferdam_core::wallet::Branch;

use super::fixture::{ours, payee};
use super::outputs::lookalike_of_the_payee;
use super::payout::{Coin, Payout};
use super::run::taproot_claiming;
use super::{Case, Step};

const AGAIN: &str = "the design, section 5: signing again";
const FIRST: &str = "first.psbt";
const SECOND: &str = "payout.psbt";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = replacements();
    cases.extend([
        amount_changed(),
        truth_after_a_false_amount(Version::V0),
        truth_after_a_false_amount(Version::V2),
        lookalike_of_an_earlier_payee(),
        payee_banned_by_a_lookalike(),
        signed_again(),
        superseded(),
        unknown_superseded(),
        no_memory(),
        swapped(),
    ]);
    cases.extend(paid_before());
    cases
}

fn plain() -> Payout {
    Payout::new(ScriptType::Segwit)
}

/// A case whose first PSBT is signed.
fn after_the_first(name: &str, title: &str, wants: &str) -> Case {
    Case::new(name, title, AGAIN, wants)
        .caught_by("journal")
        .psbt(FIRST, plain().psbt())
        .step(Step::sign(&[FIRST], 0, &[]))
}

/// Replacements of a signed transaction that are no fee bumps.
fn replacements() -> Vec<Case> {
    /// Name, title, the change to the payout, and the input that is refused.
    type Replacement = (&'static str, &'static str, fn(&mut Payout), usize);
    let table: [Replacement; 6] = [
        (
            "replacement-adds-an-output",
            "A replacement with a higher fee pays one more output",
            |payout| {
                payout.outputs[1].sat -= 1_010_000;
                payout.pay(payee(2), 1_000_000);
            },
            0,
        ),
        (
            "replacement-redirects",
            "A replacement pays the same amount to another payee",
            |payout| payout.outputs[0].script = payee(2),
            0,
        ),
        (
            "replacement-raises-the-amount",
            "A replacement pays the payee more",
            |payout| {
                payout.outputs[0].sat += 1_000_000;
                payout.outputs[1].sat -= 1_010_000;
            },
            0,
        ),
        (
            "replacement-drops-the-payment",
            "A replacement sends all to our change and pays nobody",
            |payout| {
                payout.outputs.remove(0);
                payout.outputs[0].sat = 99_990_001;
            },
            0,
        ),
        (
            "replacement-drops-a-coin",
            "A replacement lets go of a coin, so that both transactions can confirm",
            |payout| {
                payout.coins[0] = Coin::new(
                    ours(ScriptType::Segwit),
                    Branch::Receive,
                    1,
                    60_000_000,
                    300,
                );
            },
            1,
        ),
        (
            "replacement-turns-change-into-payment",
            "A replacement pays an address of the attacker's where the change was",
            |payout| {
                payout.outputs[1].script = payee(2);
                payout.outputs[1].own = None;
            },
            0,
        ),
    ];
    let case = |(name, title, change, input): Replacement| {
        let second = plain().with(change);
        let finding = format!("input {input} coin-signed-before");
        after_the_first(
            name,
            title,
            "has a coin signed for two purposes, and chooses which one confirms",
        )
        .refused(second.psbt(), &[&finding])
    };
    table.into_iter().map(case).collect()
}

/// One story or the other is true, and the signature over the false one is worthless: what was
/// signed once contradicts nothing.
fn amount_changed() -> Case {
    Case::new(
        "amount-claimed-two-rounds-days-apart",
        "A signed transaction of taproot coins comes again, and one coin is now claimed to have more",
        "CVE-2020-14199, in the rounds of two runs; BIP341",
        "has two signatures made that only one of two stories fits, and the wallet frozen for fear of it",
    )
    .caught_by("journal")
    .psbt(FIRST, taproot_claiming(40_000_000))
    .step(Step::sign(&[FIRST], 0, &[]))
    .noted(taproot_claiming(40_001_000), &["input 1 amount-differs"])
}

/// One worthless signature must not freeze a wallet: the honest payout over the same coins needs no
/// `--supersede`.
fn truth_after_a_false_amount(version: Version) -> Case {
    let honest = Payout::new(ScriptType::Taproot).with(|payout| {
        payout.outputs[0].script = payee(2);
        payout.outputs[0].sat = 30_000_000;
        payout.outputs[1].sat = 69_990_000;
    });
    Case::new(
        &format!("taproot-truth-after-a-false-amount-v{version}"),
        &format!("A taproot coin was signed for with a false amount; the honest payout over it comes as version {version}"),
        "BIP341: a signature covers all amounts; a wallet frozen by one lie",
        "has every later honest payout of the wallet refused",
    )
    .caught_by("journal")
    .psbt(FIRST, taproot_claiming(40_000_001))
    .step(Step::sign(&[FIRST], 0, &[]))
    .noted(honest.raw(version).to_bytes(), &["input 1 amount-differs"])
}

fn over_other_coins(change: impl FnOnce(&mut Payout)) -> Payout {
    plain().with(|payout| {
        for coin in &mut payout.coins {
            coin.salt += 100;
        }
        change(payout);
    })
}

fn to_a_lookalike(payout: &mut Payout) {
    payout.outputs[0].script = lookalike_of_the_payee();
    payout.outputs[0].sat = 40_000_000;
    payout.outputs[1].sat = 59_990_000;
}

fn lookalike_of_an_earlier_payee() -> Case {
    after_the_first(
        "address-lookalike-of-an-earlier-payee",
        "An output pays an address that begins and ends like that of an earlier payee",
        "has the attacker's address copied out of a history, in place of the payee's",
    )
    .warned(
        over_other_coins(to_a_lookalike).psbt(),
        &["output 0 address-lookalike"],
    )
}

/// Whoever has an address paid that looks like a payee's, by coins that never existed, must not
/// have the payee refused.
fn payee_banned_by_a_lookalike() -> Case {
    let findings = ["output 0 address-lookalike"];
    let accepted = ["--accept", "address-lookalike"];
    Case::new(
        "payee-banned-by-a-lookalike",
        "A worthless transaction paid an address that looks like the payee's, and now the payee is to be paid",
        "bech32's checksum is linear: addresses that look alike cost nothing",
        "has an honest payee refused for ever",
    )
    .caught_by("journal")
    .psbt(FIRST, over_other_coins(to_a_lookalike).psbt())
    .step(Step::sign(&[FIRST], 0, &[]))
    .warned(plain().psbt(), &findings)
    .step(Step::sign(&[SECOND], 0, &findings).with(&accepted))
    .psbt(
        "third.psbt",
        over_other_coins(|payout| {
            payout.coins[0].salt += 100;
            payout.coins[1].salt += 100;
            payout.outputs[0].sat = 20_000_000;
            payout.outputs[1].sat = 79_990_000;
        })
        .psbt(),
    )
    // Who was paid before is not held against what looks like it.
    .step(Step::sign(&["third.psbt"], 0, &["output 0 payee-paid-before"]))
}

fn paid_before() -> Vec<Case> {
    let paying = |name: &str, title: &str| after_the_first(name, title, "has a payout made twice");
    let again = |sat: u64| {
        over_other_coins(move |payout| {
            payout.outputs[0].sat = sat;
            payout.outputs[1].sat = 99_990_000 - sat;
        })
    };
    vec![
        paying(
            "payment-again-over-other-coins",
            "A second transaction pays the same payee the same amount over other coins",
        )
        .warned(again(50_000_000).psbt(), &["output 0 paid-before"]),
        paying(
            "payment-again-with-a-satoshi-more",
            "A second transaction pays the same payee one satoshi more over other coins",
        )
        .warned(again(50_000_001).psbt(), &["output 0 paid-before"]),
        paying(
            "payment-again-with-a-thousandth-less",
            "A second transaction pays the same payee a thousandth less over other coins",
        )
        .warned(again(49_950_000).psbt(), &["output 0 paid-before"]),
        paying(
            "payee-again-with-another-amount",
            "A second transaction pays the same payee another amount over other coins",
        )
        .noted(again(45_000_000).psbt(), &["output 0 payee-paid-before"]),
    ]
}

/// No attack: the same transaction in another PSBT version gives the same signatures, and says that
/// it was signed.
fn signed_again() -> Case {
    after_the_first(
        "signed-again-as-version-2",
        "The signed transaction comes again, as a PSBT of version 2",
        "hopes for a second signature with another nonce",
    )
    .noted(
        plain().raw(Version::V2).to_bytes(),
        &["transaction signed-before"],
    )
}

fn superseded() -> Case {
    let second = plain().with(|payout| payout.outputs[0].script = payee(2));
    let case = after_the_first(
        "superseding-names-another",
        "The operator allows a transaction to be superseded, and the file takes the coins of another one as well",
        "hides a second conflict behind the one that is allowed",
    );
    let other = Payout::new(ScriptType::Segwit).with(|payout| {
        for (coin, index) in payout.coins.iter_mut().zip(20..) {
            *coin = Coin::new(
                ours(ScriptType::Segwit),
                Branch::Receive,
                index,
                coin.sat,
                index + 500,
            );
        }
        payout.outputs[0].sat = 40_000_000;
        payout.outputs[1].sat = 59_990_000;
    });
    let both = second.with(|payout| {
        payout.coins.push(other.coins[0].clone());
        payout.outputs[1].sat += 60_000_000;
    });
    let findings = ["transaction supersedes", "input 2 coin-signed-before"];
    case.psbt("other.psbt", other.psbt())
        .psbt(SECOND, both.psbt())
        .step(Step::sign(
            &["other.psbt"],
            0,
            &["output 0 payee-paid-before"],
        ))
        .step(Step::inspect(&[SECOND], 3, &findings).with(&["--supersede", "TXID:first.psbt"]))
        .step(Step::refused(&[SECOND], &findings).with(&["--supersede", "TXID:first.psbt"]))
}

fn unknown_superseded() -> Case {
    let second = plain().with(|payout| payout.outputs[0].script = payee(2));
    after_the_first(
        "superseding-what-was-never-signed",
        "A transaction is to be superseded that the journal does not know",
        "has the operator type an id that means nothing",
    )
    .psbt(SECOND, second.psbt())
    .step(
        Step::sign(&[SECOND], 2, &[])
            .with(&["--supersede", "TXID:payout.psbt"])
            .error("wrong-usage"),
    )
}

fn no_memory() -> Case {
    let mut case = Case::new(
        "vault-without-memory",
        "The vault was restored from its words, and its journal is gone",
        "the design, section 5: a restored vault has no memory",
        "has a payout signed again by a vault that does not remember it",
    )
    .caught_by("journal")
    .noted(plain().psbt(), &["transaction no-memory"]);
    case.vault.without_memory = true;
    case
}

/// The file is exchanged while the operator reads the review.
fn swapped() -> Case {
    let evil = plain().with(|payout| payout.outputs[0].script = payee(66));
    Case::new(
        "psbt-swapped-between-review-and-signing",
        "While the operator reads, the file is replaced by one that pays the attacker",
        "time of check, time of use (CWE-367)",
        "has another transaction signed than the one that was shown",
    )
    .caught_by("approval")
    .psbt(SECOND, plain().psbt())
    .psbt("swapped-in.psbt", evil.psbt())
    .step(Step::sign(&[SECOND], 0, &[]).swapped_for("swapped-in.psbt"))
}
