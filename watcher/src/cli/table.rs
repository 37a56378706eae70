//! A list as a table, to be reconciled with the system that the payouts came from.

use cofferdam_core::sanitize;

use crate::service::{ListDocument, PaymentDocument};

/// The columns: those of an import, and what became of each payment.
const HEADER: [&str; 12] = [
    "payout_id",
    "address",
    "amount",
    "unit",
    "name",
    "reference",
    "state",
    "txid",
    "output",
    "confirmations",
    "fee_share_sat",
    "list",
];

/// Returns the payments as CSV (RFC 4180), each cell safe to open in a spreadsheet. Amounts are in
/// satoshi.
pub(super) fn csv(document: &ListDocument) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(HEADER);
    for payment in &document.payments {
        let _ = writer.write_record(row(document, payment).map(|cell| sanitize::cell(&cell)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn row(document: &ListDocument, payment: &PaymentDocument) -> [String; 12] {
    let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
    let within = document
        .transactions
        .iter()
        .find(|transaction| transaction.number == payment.transaction);
    [
        text(&payment.payout_id),
        payment.address.clone(),
        payment.amount_sat.to_string(),
        "sat".into(),
        text(&payment.name),
        text(&payment.reference),
        payment.state.name().into(),
        text(&payment.txid),
        payment.output.to_string(),
        within
            .map_or(0, |transaction| transaction.confirmations)
            .to_string(),
        payment.fee_share_sat.to_string(),
        text(&document.id),
    ]
}
