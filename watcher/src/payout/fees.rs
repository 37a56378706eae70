//! Fees out of the ordinary, as a slip of a finger or a lying node makes them.

use bitcoin::Amount;

use crate::plan::FeeRate;
use crate::store::payouts::{PaymentRecord, TransactionRecord};

use super::finding::{FEE_RATE_HIGH, FEE_SHARE_HIGH, FEE_TOO_HIGH, Finding, Findings, Severity};

/// A rate that was seldom needed: what is above it is asked about, unless `--max-fee-rate` says
/// otherwise.
pub(crate) const USUAL_RATE: FeeRate = FeeRate::from_sat_per_kvb(100_000);

/// The signer refuses a higher fee by default.
const SIGNER_BOUND: Amount = Amount::from_sat(10_000_000);

/// A fee below this is no large part of anything, unless it is more than all that is paid.
const SMALL_FEE: Amount = Amount::from_sat(10_000);

/// Adds what is out of the ordinary about the fees of a plan.
pub(super) fn check(
    transactions: &[TransactionRecord],
    payments: &[PaymentRecord],
    rate: FeeRate,
    most: Option<FeeRate>,
    findings: &mut Findings,
) {
    let most = most.unwrap_or(USUAL_RATE);
    if rate > most {
        findings.add(finding(
            FEE_RATE_HIGH,
            "fee rate".into(),
            most.sat_per_kvb(),
            rate.sat_per_kvb(),
            format!("{rate} sat/vB is above {most} sat/vB; compare with other sources, and look for a missing decimal point"),
        ));
    }
    let mut dear: Vec<(&TransactionRecord, Amount)> = Vec::new();
    for transaction in transactions {
        let paid = paid_by(transaction, payments);
        let fee = transaction.fee;
        if fee > paid || (fee > SMALL_FEE && fee > paid / 10) {
            dear.push((transaction, paid));
        }
    }
    if let Some((worst, paid)) = dear.iter().max_by_key(|(transaction, paid)| {
        u128::from(transaction.fee.to_sat()) * 1_000_000 / u128::from(paid.to_sat().max(1))
    }) {
        let others = match dear.len() {
            1 => String::new(),
            count => format!("; the worst of {count} transactions"),
        };
        findings.add(finding(
            FEE_SHARE_HIGH,
            format!("transaction {}", worst.number),
            paid.to_sat() / 10,
            worst.fee.to_sat(),
            format!(
                "the fee of {} sat is more than a tenth of the {} sat that are paid{others}",
                worst.fee.to_sat(),
                paid.to_sat()
            ),
        ));
    }
    let total = transactions.iter().fold(0u64, |sum, transaction| {
        sum.saturating_add(transaction.fee.to_sat())
    });
    if total > SIGNER_BOUND.to_sat() {
        findings.add(finding(
            FEE_TOO_HIGH,
            "list".into(),
            SIGNER_BOUND.to_sat(),
            total,
            format!("the fees come to {total} sat: more than 0.1 BTC, which the signer refuses by default"),
        ));
    }
}

/// What a transaction pays: its payments, or, when it only takes coins back, what comes back.
fn paid_by(transaction: &TransactionRecord, payments: &[PaymentRecord]) -> Amount {
    let mut paid = payments
        .iter()
        .filter(|payment| payment.transaction == transaction.number)
        .peekable();
    match paid.peek() {
        Some(_) => paid.map(|payment| payment.txout.value).sum(),
        None => transaction
            .change
            .map_or(Amount::ZERO, |(amount, _)| amount),
    }
}

fn finding(
    code: &'static str,
    place: String,
    expected: u64,
    found: u64,
    message: String,
) -> Finding {
    Finding {
        code,
        severity: Severity::Warning,
        place,
        expected: Some(expected),
        found: Some(found),
        message,
        earlier: None,
    }
}
