//! Payout lists as text.

use std::fmt::Write;

use crate::service::{
    FINAL_CONFIRMATIONS, FeeRate, ImportDocument, ImportFinding, ListDocument, PAYMENT_OPEN,
    PlannedDocument, Severity, Summary, TransactionDocument, TransactionState,
};
use cofferdam_core::count::counted;
use cofferdam_core::sanitize::{block, neutralised};

/// Returns an import as text: what it found, and the list.
pub(super) fn imported(document: &ImportDocument, listed: usize) -> String {
    let mut text = String::new();
    for receipt in document.receipts.iter().flatten() {
        let _ = writeln!(
            text,
            "receipt: vault {} generation {}, journal {}, head {}{}",
            receipt.vault_id,
            receipt.generation,
            counted(receipt.journal.count, "record"),
            receipt.journal.head,
            if receipt.verified {
                ""
            } else {
                " (not verified)"
            }
        );
    }
    text + &list(&document.list, listed)
}

fn finding(text: &mut String, finding: &ImportFinding) {
    let _ = writeln!(
        text,
        "{}: {} ({})",
        finding.severity,
        neutralised(finding.message),
        finding.code
    );
    for (label, value) in [("known", &finding.expected), ("found", &finding.found)] {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label}: {}", neutralised(value));
        }
    }
}

/// Returns a list that was planned as text: what is worth telling about it, and the list.
pub(super) fn planned(document: &PlannedDocument, listed: usize) -> String {
    let mut text = String::new();
    for finding in &document.findings {
        let severity = match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning, accepted",
        };
        let _ = writeln!(
            text,
            "{severity}: {}: {} ({})",
            finding.place, finding.message, finding.code
        );
    }
    text + &list(&document.list, listed)
}

/// Returns a list as text, with the first `listed` of its payments.
pub(super) fn list(document: &ListDocument, listed: usize) -> String {
    let mut text = String::new();
    let totals = &document.totals;
    let rate = FeeRate::from_sat_per_kvb(document.sat_per_kvb);
    let name = match &document.id {
        Some(id) if document.r#final => {
            format!("{} {id}: {}, final", document.kind, document.state.name())
        }
        Some(id) => format!("{} {id}: {}", document.kind, document.state.name()),
        None => format!("{} plan, not stored", document.kind),
    };
    // Writing to a string does not fail.
    let _ = writeln!(text, "{name}");
    let _ = writeln!(text, "wallet     {}", document.wallet);
    if let Some(created) = &document.created {
        let _ = writeln!(text, "created    {created}");
    }
    let _ = writeln!(text, "payments   {:>20}", totals.count);
    let _ = writeln!(text, "sum        {:>20} sat", totals.total_sat);
    let _ = writeln!(
        text,
        "fee        {:>20} sat, at {rate} sat/vB or a little more",
        totals.fee_sat
    );
    let _ = writeln!(text, "change     {:>20} sat", totals.change_sat);
    if let Some(hash) = &document.file_sha256 {
        let _ = writeln!(text, "file       SHA-256 {hash}");
    }
    if let Some(cancel) = &document.cancelled_by {
        let _ = writeln!(text, "cancelled by the list {cancel}");
    }
    for found in &document.findings {
        finding(&mut text, found);
    }
    for transaction in &document.transactions {
        line(&mut text, transaction);
    }
    for payment in document.payments.iter().take(listed) {
        let _ = writeln!(
            text,
            "  {:<10} {:>16} sat  {}",
            payment.state.name(),
            payment.amount_sat,
            payment.address
        );
        for written in [&payment.payout_id, &payment.name, &payment.reference] {
            text.extend(written.as_deref().map(|written| block(4, written)));
        }
    }
    if let Some(more) = document
        .payments
        .len()
        .checked_sub(listed)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and {more} more; see all with --json or --csv");
    }
    if let Some(next) = next(document) {
        let _ = writeln!(text, "next: {next}");
    }
    text
}

fn line(text: &mut String, transaction: &TransactionDocument) {
    let txid = transaction
        .txid
        .as_deref()
        .unwrap_or("txid known once signed");
    let _ = writeln!(
        text,
        "transaction {} {}: {}, {}, fee {} sat, {}, {txid}",
        transaction.number,
        transaction.state.name(),
        counted(transaction.payments, "payment"),
        counted(transaction.inputs.len(), "input"),
        transaction.fee_sat,
        counted(transaction.confirmations, "confirmation"),
    );
    if let Some(cancels) = &transaction.cancels {
        let _ = writeln!(
            text,
            "  the signer asks what it supersedes: --supersede {cancels}"
        );
    }
    if let Some(conflict) = &transaction.conflict {
        let depth = transaction.conflict_confirmations.unwrap_or_default();
        let _ = match transaction.state {
            TransactionState::Cancelling => writeln!(
                text,
                "  its coin was spent by {conflict}: cancelled once that is {FINAL_CONFIRMATIONS} blocks deep, now {depth}"
            ),
            _ => writeln!(
                text,
                "  its coin was spent by {conflict}, {}",
                counted(depth, "confirmation")
            ),
        };
    }
    for missing in &transaction.missing_inputs {
        let _ = match missing.state {
            "pending" => writeln!(
                text,
                "  its coin {} went back to the memory pool in a reorganisation: sync until it is confirmed again",
                missing.outpoint
            ),
            _ => writeln!(
                text,
                "  its coin {} is gone: a reorganisation undid its block. Unless it comes back, nothing of this is paid; \
                 sync later, or cancel the list; once it was exported, what is owed can be planned under new ids with \
                 --accept {PAYMENT_OPEN}, and is paid twice should the coin come back",
                missing.outpoint
            ),
        };
    }
}

fn next(document: &ListDocument) -> Option<String> {
    let id = document.id.as_ref()?;
    let command = |rest: &str| Some(format!("cofferdam-watcher payout {rest}"));
    match document.state {
        TransactionState::Planned => command(&format!("export {id} --out FILE")),
        TransactionState::Exported => command(&format!("import {id} SIGNED-FILE")),
        TransactionState::Signed => command(&format!("broadcast {id}")),
        TransactionState::Broadcast => Some("cofferdam-watcher sync, until it is confirmed".into()),
        TransactionState::Cancelling if is_being_buried(document) => {
            Some("cofferdam-watcher sync, until what cancels it is six blocks deep".into())
        }
        TransactionState::Cancelling if document.cancelled_by.is_none() => {
            command(&format!("cancel {id}"))
        }
        TransactionState::Cancelling => command(&format!(
            "export {} --out FILE",
            document.cancelled_by.as_deref().unwrap_or("ID")
        )),
        _ => None,
    }
}

/// Whether blocks have taken the coins of all that is being cancelled.
fn is_being_buried(document: &ListDocument) -> bool {
    let mut cancelling = document
        .transactions
        .iter()
        .filter(|transaction| transaction.state == TransactionState::Cancelling);
    cancelling.all(|transaction| transaction.conflict.is_some())
}

/// Returns the lines of `payout list`.
pub(super) fn summaries(summaries: &[Summary]) -> String {
    if summaries.is_empty() {
        return "no payout lists\n".into();
    }
    let mut text = String::new();
    for list in summaries {
        let _ = writeln!(
            text,
            "{:<14} {:<7} {:<11} {:<20} {:>16} {:>16} sat {:>17}  {}",
            list.id,
            list.kind,
            list.state.name(),
            list.created,
            counted(list.count, "payment"),
            list.total_sat,
            counted(list.transactions, "transaction"),
            list.wallet
        );
    }
    text
}
