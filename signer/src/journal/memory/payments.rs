//! Whom signed transactions pay, and what: by script, since an amount that differs by a satoshi
//! makes no other payment.

use std::collections::HashMap;

use bitcoin::{Amount, Txid};
use cofferdam_core::review::are_similar;

use super::Remembered;
use crate::journal::entry::{Class, OutputRecord, TransactionRecord};

/// Every payment that was signed, by its script.
#[derive(Debug, Default)]
pub(super) struct Payments<'a>(HashMap<&'a [u8], Vec<Payment>>);

/// What an earlier transaction pays.
#[derive(Clone, Copy, Debug)]
struct Payment {
    amount_sat: u64,
    /// When it was signed.
    time: u64,
    /// The number of the transaction.
    at: usize,
}

impl<'a> Payments<'a> {
    /// Adds the payments of the transaction of this number.
    pub(super) fn add(&mut self, at: usize, time: u64, transaction: &'a TransactionRecord) {
        for output in paid(transaction) {
            self.0.entry(&output.script).or_default().push(Payment {
                amount_sat: output.amount_sat,
                time,
                at,
            });
        }
    }

    /// Holds every payment of a transaction against what the others that could confirm beside it
    /// pay to the same script: at most one finding for each, however often its script was paid.
    pub(super) fn recall(
        &self,
        candidate: &TransactionRecord,
        could_confirm: impl Fn(usize) -> bool,
        txid: impl Fn(usize) -> Txid,
    ) -> Vec<Remembered> {
        // Of each script once, for a transaction may pay it ten thousand times.
        let mut known: HashMap<&[u8], Option<ToOneScript>> = HashMap::new();
        let mut recalled = Vec::new();
        for (output, paid) in candidate.outputs.iter().enumerate() {
            if paid.class != Class::Payment {
                continue;
            }
            let Some(earlier) = self.0.get(paid.script.as_slice()) else {
                continue;
            };
            let earlier = known.entry(&paid.script).or_insert_with(|| {
                let independent = earlier.iter().filter(|payment| could_confirm(payment.at));
                ToOneScript::of(independent.copied().collect())
            });
            let Some(earlier) = earlier else { continue };
            let amount = Amount::from_sat(paid.amount_sat);
            recalled.push(match earlier.similar(amount) {
                Some(similar) => Remembered::PaidBefore {
                    output,
                    amount,
                    signed: Amount::from_sat(similar.amount_sat),
                    earlier: txid(similar.at),
                    time: similar.time,
                },
                None => Remembered::PayeePaidBefore {
                    output,
                    count: earlier.by_amount.len(),
                    signed: Amount::from_sat(earlier.latest.amount_sat),
                    earlier: txid(earlier.latest.at),
                    time: earlier.latest.time,
                },
            });
        }
        recalled
    }
}

/// Earlier payments to one script; at least one.
struct ToOneScript {
    /// By amount, and those of one amount by their time.
    by_amount: Vec<Payment>,
    latest: Payment,
}

impl ToOneScript {
    fn of(mut payments: Vec<Payment>) -> Option<Self> {
        payments.sort_unstable_by_key(|payment| (payment.amount_sat, payment.time, payment.at));
        let latest = *payments
            .iter()
            .max_by_key(|payment| (payment.time, payment.at))?;
        Some(Self {
            by_amount: payments,
            latest,
        })
    }

    /// Returns the payment whose amount is nearest, if it is [similar](are_similar); of several the
    /// earliest.
    fn similar(&self, amount: Amount) -> Option<&Payment> {
        let first_from = |sat: u64| {
            let at = self
                .by_amount
                .partition_point(|payment| payment.amount_sat < sat);
            (at, self.by_amount.get(at))
        };
        let (at, above) = first_from(amount.to_sat());
        let below = at.checked_sub(1).and_then(|last| self.by_amount.get(last));
        let below = below.and_then(|last| first_from(last.amount_sat).1);
        let nearest = below.into_iter().chain(above);
        let nearest = nearest.min_by_key(|payment| payment.amount_sat.abs_diff(amount.to_sat()))?;
        are_similar(Amount::from_sat(nearest.amount_sat), amount).then_some(nearest)
    }
}

fn paid(transaction: &TransactionRecord) -> impl Iterator<Item = &OutputRecord> {
    let outputs = transaction.outputs.iter();
    outputs.filter(|output| output.class == Class::Payment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Memory;
    use crate::journal::memory::testing::{signed, transaction, txid};

    fn recalled(earlier: &[TransactionRecord], candidate: &TransactionRecord) -> Vec<Remembered> {
        Memory::of(&signed(earlier)).recall(candidate, &[])
    }

    fn before(output: usize, amount: u64, signed: u64, earlier: u8) -> Remembered {
        Remembered::PaidBefore {
            output,
            amount: Amount::from_sat(amount),
            signed: Amount::from_sat(signed),
            earlier: txid(earlier),
            time: u64::from(earlier) - 1,
        }
    }

    fn otherwise(output: usize, count: usize, signed: u64, earlier: u8) -> Remembered {
        Remembered::PayeePaidBefore {
            output,
            count,
            signed: Amount::from_sat(signed),
            earlier: txid(earlier),
            time: u64::from(earlier) - 1,
        }
    }

    #[test]
    fn a_satoshi_more_or_less_is_the_same_payment() {
        let entries = [transaction(1, &[1], &[(1, 5_000_000)])];
        for amount in [5_000_000, 5_000_001, 4_999_999, 5_005_000, 4_995_000] {
            assert_eq!(
                recalled(&entries, &transaction(2, &[3], &[(8, 1), (1, amount)])),
                [before(1, amount, 5_000_000, 1)],
                "{amount}"
            );
        }
        for amount in [1, 4_994_000, 5_006_000, 10_000_000] {
            assert_eq!(
                recalled(&entries, &transaction(2, &[3], &[(1, amount)])),
                [otherwise(0, 1, 5_000_000, 1)],
                "{amount}"
            );
        }
        let other_payee = transaction(2, &[3], &[(2, 5_000_000)]);
        assert_eq!(recalled(&entries, &other_payee), []);
    }

    #[test]
    fn the_nearest_amount_counts_and_of_equal_ones_the_earliest() {
        let entries = [
            transaction(1, &[1], &[(1, 5_000_100)]),
            transaction(2, &[2], &[(1, 5_000_000)]),
            transaction(3, &[3], &[(1, 5_000_000)]),
            transaction(4, &[4], &[(1, 9_000_000)]),
        ];
        let paying = |amount| transaction(9, &[9], &[(1, amount)]);
        assert_eq!(
            recalled(&entries, &paying(5_000_001)),
            [before(0, 5_000_001, 5_000_000, 2)]
        );
        assert_eq!(
            recalled(&entries, &paying(5_000_099)),
            [before(0, 5_000_099, 5_000_100, 1)]
        );
        assert_eq!(
            recalled(&entries, &paying(7_000_000)),
            [otherwise(0, 4, 9_000_000, 4)]
        );
    }

    #[test]
    fn a_payee_of_ten_thousand_payments_is_one_finding() {
        let often = transaction(1, &[1], &vec![(1, 700_000); 10_000]);
        let later = transaction(2, &[2], &[(1, 9_000_000)]);
        assert_eq!(
            recalled(&[often], &later),
            [otherwise(0, 10_000, 700_000, 1)]
        );
    }

    /// Transactions that share a coin cannot both confirm.
    #[test]
    fn what_a_transaction_replaces_is_no_second_payment() {
        let entries = [
            transaction(1, &[1], &[(1, 5_000_000)]),
            transaction(2, &[2], &[(1, 5_000_000)]),
        ];
        let found = Memory::of(&signed(&entries))
            .recall(&transaction(3, &[1], &[(1, 5_000_001)]), &[txid(1)]);
        assert_eq!(
            found,
            [
                Remembered::Supersedes {
                    earlier: txid(1),
                    time: 0
                },
                before(0, 5_000_001, 5_000_000, 2)
            ]
        );
    }

    #[test]
    fn change_and_transfers_to_ourselves_are_no_payments() {
        let mut first = transaction(1, &[1], &[(1, 5_000)]);
        first.outputs[0].class = Class::Own;
        let mut again = transaction(2, &[2], &[(1, 5_000)]);
        again.outputs[0].class = Class::Own;
        assert_eq!(recalled(&[first.clone()], &again), []);
        assert_eq!(recalled(&[first], &transaction(2, &[2], &[(1, 5_000)])), []);
    }
}
