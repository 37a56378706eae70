//! The journal's findings, in the shape of the review's.

use bitcoin::hex::DisplayHex as _;
use bitcoin::{Address, ScriptBuf, Txid};
use cofferdam_core::Network;
use cofferdam_core::review::{FindingReport, Place, Severity};
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::WalletId;

use crate::amount::sat;
use crate::date::date;
use crate::journal::{Claim, Import, Memory, Proof, Remembered, SignedAmount, TransactionRecord};
use crate::policy::{Policy, Raised};

/// How many payments of an earlier transaction a finding lists.
const LISTED: usize = 20;

/// Puts what the journal remembers into words.
pub(super) fn finding(
    remembered: &Remembered,
    memory: &Memory<'_>,
    network: Network,
) -> FindingReport {
    let earlier_payments =
        |txid: &Txid| memory.get(*txid).map(|earlier| payments(earlier, network));
    match remembered {
        Remembered::AmountChanged {
            input,
            found,
            signed,
        } => FindingReport {
            code: "coin-amount-changed".into(),
            severity: Severity::Refusal,
            place: Place::Input(*input),
            expected: Some(said(&signed.claim, found)),
            found: Some(said(found, &signed.claim)),
            message: format!(
                "the coin was signed on {} with another amount or script{}, in transaction {}: signatures over two amounts of one \
                 coin burn money as fee (CVE-2020-14199); {}",
                date(signed.time),
                how(signed),
                signed.earlier,
                match signed.proof {
                    Proof::PreviousTransaction => "distrust the source",
                    _ => "export with previous transactions, which prove the amount",
                }
            ),
        },
        Remembered::AmountOverridden {
            input,
            found,
            signed,
        } => FindingReport {
            code: "amount-overridden".into(),
            severity: Severity::Note,
            place: Place::Input(*input),
            expected: Some(said(&signed.claim, found)),
            found: Some(said(found, &signed.claim)),
            message: format!(
                "the coin was signed on {} with another amount or script, in transaction {}; the previous transaction proves that \
                 it was false, and so that signature is worthless; distrust who made that transaction",
                date(signed.time),
                signed.earlier
            ),
        },
        Remembered::AmountDiffers {
            input,
            found,
            signed,
            coins,
        } => FindingReport {
            code: "amount-differs".into(),
            severity: Severity::Note,
            place: Place::Input(*input),
            expected: Some(said(&signed.claim, found)),
            found: Some(said(found, &signed.claim)),
            message: format!(
                "the coin{} signed on {} with another amount or script, in transaction {}; a signature that covers what it \
                 claims (BIP341) is worthless where that is false, so at most one of the two is valid; distrust who told the \
                 false one",
                match coins {
                    1 => " was".to_owned(),
                    _ => format!(", like {} more, was", coins - 1),
                },
                date(signed.time),
                signed.earlier
            ),
        },
        Remembered::SignedBefore { time } => FindingReport {
            code: "signed-before".into(),
            severity: Severity::Note,
            place: Place::Transaction,
            expected: None,
            found: None,
            message: format!(
                "this very transaction was signed on {}; signing it again gives the same bytes",
                date(*time)
            ),
        },
        Remembered::FeeBump { earlier, time } => FindingReport {
            code: "fee-bump".into(),
            severity: Severity::Note,
            place: Place::Transaction,
            expected: None,
            found: Some(earlier.to_string()),
            message: format!(
                "replaces transaction {earlier}, signed on {}: the same payments over the same coins or more",
                date(*time)
            ),
        },
        Remembered::Supersedes { earlier, time } => FindingReport {
            code: "supersedes".into(),
            severity: Severity::Note,
            place: Place::Transaction,
            expected: earlier_payments(earlier),
            found: Some(earlier.to_string()),
            message: format!(
                "takes coins of transaction {earlier}, signed on {} for other outputs, as --supersede allows; only one of \
                 the two can confirm",
                date(*time)
            ),
        },
        Remembered::CoinSigned {
            input,
            coin,
            earlier,
            time,
        } => FindingReport {
            code: "coin-signed-before".into(),
            severity: Severity::Refusal,
            place: Place::Input(*input),
            expected: earlier_payments(earlier),
            found: Some(coin.to_string()),
            message: format!(
                "the coin was signed on {} for other outputs, in transaction {earlier}; if this one shall replace it, say \
                 so with --supersede {earlier}",
                date(*time)
            ),
        },
        Remembered::PaidBefore {
            output,
            amount,
            signed,
            earlier,
            time,
        } => FindingReport {
            code: "paid-before".into(),
            severity: Severity::Warning,
            place: Place::Output(*output),
            expected: None,
            found: Some(earlier.to_string()),
            message: format!(
                "{} to the same address were signed on {} over other coins, in transaction {earlier}, and both can confirm; \
                 accept it only if it is owed twice",
                match signed == amount {
                    true => format!("the same {} sat", amount.to_sat()),
                    false => format!("nearly the same, {} sat,", signed.to_sat()),
                },
                date(*time)
            ),
        },
        Remembered::PayeePaidBefore {
            output,
            count,
            signed,
            earlier,
            time,
        } => FindingReport {
            code: "payee-paid-before".into(),
            severity: Severity::Note,
            place: Place::Output(*output),
            expected: None,
            found: Some(earlier.to_string()),
            message: format!(
                "the same address was paid before{}: {} sat, signed on {} over other coins, in transaction {earlier}; check \
                 that this is not the same payout once more",
                match count {
                    1 => String::new(),
                    _ => format!(", {count} times, the last time"),
                },
                signed.to_sat(),
                date(*time)
            ),
        },
    }
}

/// `supersedes-nothing`: the operator believes that one transaction replaces the other, and both
/// can confirm.
pub(super) fn supersedes_nothing(earlier: &Txid) -> FindingReport {
    FindingReport {
        code: "supersedes-nothing".into(),
        severity: Severity::Refusal,
        place: Place::Transaction,
        expected: Some(earlier.to_string()),
        found: None,
        message: "--supersede names a transaction with which nothing here shares a coin, so that both could confirm; leave it \
                  out, or have the payment planned over one of its coins"
            .into(),
    }
}

/// Says the amount of a coin, or where its script is where the other claim has the same amount.
fn said(claim: &Claim, other: &Claim) -> String {
    if claim.amount != other.amount {
        return sat(claim.amount);
    }
    let wallet = claim.wallet.map(WalletId::from_bytes);
    match (claim.place, wallet) {
        (Some(place), Some(wallet)) => format!(
            "{} {} of wallet {wallet}",
            if place.branch == 0 {
                "receive"
            } else {
                "change"
            },
            place.index
        ),
        _ => "not ours".into(),
    }
}

/// How an amount that was signed had been known.
fn how(signed: &SignedAmount) -> &'static str {
    match signed.proof {
        Proof::PreviousTransaction => ", which its previous transaction proved",
        Proof::Signature => ", which the signature covered",
        Proof::Remembered | Proof::None => "",
    }
}

/// The vault was restored and has no journal of before.
pub(super) fn no_memory() -> FindingReport {
    FindingReport {
        code: "no-memory".into(),
        severity: Severity::Note,
        place: Place::Transaction,
        expected: None,
        found: None,
        message: "this vault was restored from words and does not know what they signed before; bring the old journal with \
                  `journal import FILE`, or make sure that these payments were not made already"
            .into(),
    }
}

/// What was imported may be a copy that was made too early, or cut. It weighs what a missing memory
/// weighs, at least.
pub(super) fn memory_imported(import: &Import, policy: &Policy) -> FindingReport {
    let severity = match policy.severities.get("no-memory") {
        Some(Raised::Refusal) => Severity::Refusal,
        Some(Raised::Warning) => Severity::Warning,
        None => Severity::Note,
    };
    let head = import.head.to_lower_hex_string();
    FindingReport {
        code: "memory-imported".into(),
        severity,
        place: Place::Transaction,
        expected: None,
        found: None,
        message: format!(
            "the journal of vault {} was imported up to record {} (head {head}), and nobody knows yet whether that was all: compare \
             it with the last receipt or your own note, and say so with `journal confirm COUNT HEAD`",
            VaultId(import.vault_id),
            import.count
        ),
    }
}

fn payments(transaction: &TransactionRecord, network: Network) -> String {
    let paid: Vec<_> = transaction
        .outputs
        .iter()
        .filter(|output| output.is_payment())
        .collect();
    let mut listed: Vec<String> = paid
        .iter()
        .take(LISTED)
        .map(|output| {
            let script = ScriptBuf::from_bytes(output.script.clone());
            let to = Address::from_script(&script, network.to_bitcoin()).map_or_else(
                |_| format!("script {script:x}"),
                |address| address.to_string(),
            );
            format!("{} sat to {to}", output.amount_sat)
        })
        .collect();
    if paid.len() > LISTED {
        listed.push(format!("and {} more", paid.len() - LISTED));
    }
    if listed.is_empty() {
        "no payment".into()
    } else {
        listed.join(", ")
    }
}
