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
        lookalike_of_an_earlier_payee(),
        paid_before(),
        signed_again(),
        superseded(),
        unknown_superseded(),
        no_memory(),
        swapped(),
    ]);
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
                payout.coins[0] = Coin::new(ours(ScriptType::Segwit), Branch::Receive, 1, 60_000_000, 300);
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

/// The second round of CVE-2020-14199, days later: what was signed once has one amount for ever.
fn amount_changed() -> Case {
    let findings = ["input 1 coin-amount-changed", "transaction signed-before"];
    Case::new(
        "amount-claimed-two-rounds-days-apart",
        "A signed transaction of taproot coins comes again, and one coin is now claimed to have more",
        "CVE-2020-14199, in the rounds of two runs",
        "has two signatures made that only one of two stories fits",
    )
    .caught_by("journal")
    .psbt(FIRST, taproot_claiming(40_000_000))
    .step(Step::sign(&[FIRST], 0, &[]))
    .refused(taproot_claiming(40_001_000), &findings)
}

fn lookalike_of_an_earlier_payee() -> Case {
    let poisoned = plain().with(|payout| {
        for coin in &mut payout.coins {
            coin.salt += 100;
        }
        payout.outputs[0].script = lookalike_of_the_payee();
        payout.outputs[0].sat = 40_000_000;
        payout.outputs[1].sat = 59_990_000;
    });
    after_the_first(
        "address-lookalike-of-an-earlier-payee",
        "An output pays an address that begins and ends like that of an earlier payee",
        "has the attacker's address copied out of a history, in place of the payee's",
    )
    .refused(poisoned.psbt(), &["output 0 address-lookalike"])
}

fn paid_before() -> Case {
    let again = plain().with(|payout| {
        for coin in &mut payout.coins {
            coin.salt += 100;
        }
    });
    after_the_first(
        "payment-again-over-other-coins",
        "A second transaction pays the same payee the same amount over other coins",
        "has a payout made twice",
    )
    .warned(again.psbt(), &["output 0 paid-before"])
}

/// No attack: the same transaction in another PSBT version gives the same signatures, and says that it was signed.
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
        .step(Step::sign(&["other.psbt"], 0, &[]))
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
