//! What the journal remembers of earlier signatures, and the rules for signing again.

mod again;
mod amounts;
#[cfg(test)]
mod testing;

use std::collections::{HashMap, HashSet};

use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, ScriptBuf, Txid};
use cofferdam_core::wallet::WalletId;

pub(crate) use amounts::{Claim, SignedAmount};
use amounts::{Compared, SignedAmounts, claim};

use crate::journal::entry::{Class, Entry, Event, InputRecord, Proof, TransactionRecord};

/// An earlier signed transaction.
#[derive(Clone, Copy, Debug)]
struct Earlier<'a> {
    time: u64,
    transaction: &'a TransactionRecord,
}

/// Every transaction that was signed, by what makes a later one suspicious.
#[derive(Debug, Default)]
pub(crate) struct Memory<'a> {
    signed: Vec<Earlier<'a>>,
    by_txid: HashMap<[u8; 32], usize>,
    by_coin: HashMap<OutPoint, Vec<usize>>,
    by_payment: HashMap<(ScriptBuf, Amount), Vec<usize>>,
    amounts: SignedAmounts,
}

/// What the journal says of a transaction that is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// Another amount was signed for a coin, and nothing proves this one.
    AmountChanged {
        /// The index of the input.
        input: usize,
        /// What is said of it now.
        found: Claim,
        /// What was signed.
        signed: SignedAmount,
    },
    /// Another amount was signed for a coin; this one is proven, and so that one was false.
    AmountOverridden {
        /// The index of the input.
        input: usize,
        /// What is said of it now.
        found: Claim,
        /// What was signed.
        signed: SignedAmount,
    },
    /// The very same transaction was signed: signing it again gives the same bytes.
    SignedBefore {
        /// When it was first signed.
        time: u64,
    },
    /// It replaces an earlier one by the same payments over the same coins or more.
    FeeBump {
        /// The earlier transaction.
        earlier: Txid,
        /// When it was signed.
        time: u64,
    },
    /// It spends coins of an earlier one that the operator said it supersedes.
    Supersedes {
        /// The earlier transaction.
        earlier: Txid,
        /// When it was signed.
        time: u64,
    },
    /// It spends a coin that an earlier one spends for other outputs.
    CoinSigned {
        /// The index of the input.
        input: usize,
        /// The coin.
        coin: OutPoint,
        /// The earlier transaction.
        earlier: Txid,
        /// When it was signed.
        time: u64,
    },
    /// It pays what an earlier one pays, and both could confirm.
    PaidBefore {
        /// The index of the output.
        output: usize,
        /// The amount.
        amount: Amount,
        /// The earlier transaction.
        earlier: Txid,
        /// When it was signed.
        time: u64,
    },
}

impl<'a> Memory<'a> {
    /// Collects the signed transactions among entries, imported ones too.
    pub(crate) fn of(entries: &'a [Entry]) -> Self {
        let mut memory = Memory::default();
        for entry in entries {
            match &entry.event {
                Event::Signed(transaction) => memory.add(entry.time, transaction),
                Event::Imported {
                    time, transaction, ..
                } => memory.add(*time, transaction),
                _ => {}
            }
        }
        memory
    }

    fn add(&mut self, time: u64, transaction: &'a TransactionRecord) {
        // Before all else: the same transaction may have been signed with other amounts.
        self.amounts.add(time, transaction);
        if self.by_txid.contains_key(&transaction.txid) {
            return;
        }
        let at = self.signed.len();
        self.by_txid.insert(transaction.txid, at);
        for input in &transaction.inputs {
            self.by_coin.entry(input.outpoint()).or_default().push(at);
        }
        let outputs = transaction.outputs.iter();
        for output in outputs.filter(|output| output.class == Class::Payment) {
            self.by_payment.entry(output.payment()).or_default().push(at);
        }
        self.signed.push(Earlier { time, transaction });
    }

    /// Returns what was recorded of a transaction when it was first signed, if it was.
    pub(crate) fn get(&self, txid: Txid) -> Option<&'a TransactionRecord> {
        let at = self.by_txid.get(&txid.to_byte_array())?;
        Some(self.signed[*at].transaction)
    }

    /// Returns whether it was signed before, with the same amounts, known in the same ways.
    pub(crate) fn knows(&self, transaction: &TransactionRecord) -> bool {
        self.get(transaction.txid()).is_some() && self.amounts.hold(transaction)
    }

    /// Returns the script of every payment that was signed.
    pub(crate) fn payees(&self) -> impl Iterator<Item = &bitcoin::Script> {
        self.by_payment.keys().map(|(script, _)| script.as_script())
    }

    /// Returns the highest change index that signed transactions of the wallet used, as proven input or as output.
    pub(crate) fn highest_change(&self, wallet: WalletId) -> Option<u32> {
        self.highest(wallet, 1)
    }

    /// Returns the highest receive index that signed transactions of the wallet used, as proven input or as output.
    pub(crate) fn highest_receive(&self, wallet: WalletId) -> Option<u32> {
        self.highest(wallet, 0)
    }

    fn highest(&self, wallet: WalletId, branch: u32) -> Option<u32> {
        self.signed
            .iter()
            .map(|earlier| earlier.transaction)
            .filter(|transaction| transaction.wallet_id() == Some(wallet))
            .flat_map(|transaction| {
                // Where a script is only claimed, its index is too: a signature over a false one is worthless, and recorded.
                let proven = |input: &&InputRecord| input.proof == Proof::PreviousTransaction;
                let inputs = transaction.inputs.iter().filter(proven);
                let inputs = inputs.filter_map(|input| input.place);
                let outputs = transaction.outputs.iter().filter_map(|output| output.place);
                inputs.chain(outputs)
            })
            .filter(|place| place.branch == branch)
            .map(|place| place.index)
            .max()
    }

    /// Holds a transaction against everything that was signed before, by the rules for signing again.
    ///
    /// The very same transaction may always be signed again, whatever was signed since, if its coins have the same amounts:
    /// its signatures are out already.
    pub(crate) fn recall(&self, candidate: &TransactionRecord, supersedes: &[Txid]) -> Vec<Remembered> {
        let mut recalled = self.recall_amounts(candidate);
        let before = self.by_txid.get(&candidate.txid).copied();
        let overrides = |found: &Remembered| matches!(found, Remembered::AmountOverridden { .. });
        // Its signatures are out already, unless they were over a false amount: then these would be the first.
        if let Some(at) = before.filter(|_| !recalled.iter().any(overrides)) {
            let time = self.signed[at].time;
            recalled.push(Remembered::SignedBefore { time });
            return recalled;
        }
        let mut conflicts = self.conflicts(candidate);
        conflicts.retain(|(at, _)| Some(*at) != before);
        let bumped = again::bumped(
            conflicts.iter().map(|(at, _)| self.signed[*at].transaction),
            candidate,
        );
        for (at, input) in &conflicts {
            let Earlier { time, transaction } = self.signed[*at];
            let earlier = transaction.txid();
            recalled.push(if bumped.contains(&transaction.txid) {
                Remembered::FeeBump { earlier, time }
            } else if supersedes.contains(&earlier) {
                Remembered::Supersedes { earlier, time }
            } else {
                Remembered::CoinSigned {
                    input: *input,
                    coin: candidate.inputs[*input].outpoint(),
                    earlier,
                    time,
                }
            });
        }
        let conflicting: HashSet<usize> = conflicts.iter().map(|(at, _)| *at).collect();
        for (output, paid) in candidate.outputs.iter().enumerate() {
            if paid.class != Class::Payment {
                continue;
            }
            let earlier = self.by_payment.get(&paid.payment()).into_iter().flatten();
            let independent = earlier.filter(|at| !conflicting.contains(at) && Some(**at) != before);
            if let Some(at) = independent.min_by_key(|at| self.signed[**at].time) {
                let Earlier { time, transaction } = self.signed[*at];
                recalled.push(Remembered::PaidBefore {
                    output,
                    amount: Amount::from_sat(paid.amount_sat),
                    earlier: transaction.txid(),
                    time,
                });
            }
        }
        recalled
    }

    fn recall_amounts(&self, candidate: &TransactionRecord) -> Vec<Remembered> {
        let compared = candidate.inputs.iter().enumerate().filter_map(|(index, input)| {
            let found = claim(candidate, input, input.amount_sat?);
            match self.amounts.compare(input.outpoint(), &found, input.proof) {
                Compared::Same => None,
                Compared::Overrides(signed) => Some(Remembered::AmountOverridden {
                    input: index,
                    found,
                    signed,
                }),
                Compared::Contradicts(signed) => Some(Remembered::AmountChanged {
                    input: index,
                    found,
                    signed,
                }),
            }
        });
        compared.collect()
    }

    /// Returns whether the transaction shares a coin with the earlier one, so that at most one of them can confirm.
    pub(crate) fn conflict(&self, transaction: &TransactionRecord, earlier: Txid) -> bool {
        let Some(earlier) = self.get(earlier) else {
            return false;
        };
        let coins: HashSet<OutPoint> = earlier.inputs.iter().map(|input| input.outpoint()).collect();
        let mut spent = transaction.inputs.iter().map(|input| input.outpoint());
        spent.any(|coin| coins.contains(&coin))
    }

    /// The earlier transactions that share a coin with the candidate, each with the first input that does.
    fn conflicts(&self, candidate: &TransactionRecord) -> Vec<(usize, usize)> {
        let mut seen = HashSet::new();
        let mut conflicts = Vec::new();
        for (input, coin) in candidate.inputs.iter().enumerate() {
            for at in self.by_coin.get(&coin.outpoint()).into_iter().flatten() {
                if seen.insert(*at) {
                    conflicts.push((*at, input));
                }
            }
        }
        conflicts
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{WALLET, signed, transaction, txid};
    use super::*;
    use crate::journal::Proof;

    #[test]
    fn the_same_transaction_is_signed_again() {
        let entries = signed(&[transaction(1, &[1], &[(1, 5)])]);
        let recalled = Memory::of(&entries).recall(&transaction(1, &[1], &[(1, 5)]), &[]);
        assert_eq!(recalled, [Remembered::SignedBefore { time: 0 }]);
    }

    #[test]
    fn what_was_signed_since_does_not_keep_a_transaction_from_being_signed_again() {
        let first = transaction(1, &[1], &[(1, 5)]);
        let replacement = transaction(2, &[1], &[(2, 5)]);
        let repeated = transaction(3, &[3], &[(1, 5)]);
        let entries = signed(&[first.clone(), replacement, repeated]);
        let recalled = Memory::of(&entries).recall(&first, &[]);
        assert_eq!(recalled, [Remembered::SignedBefore { time: 0 }]);
    }

    /// The first signature was over a false amount, and so worthless; the payment was then made over other coins.
    #[test]
    fn a_transaction_whose_amount_was_false_is_not_taken_for_signed() {
        let mut lie = transaction(1, &[1], &[(1, 5)]);
        lie.inputs[0].proof = Proof::Signature;
        lie.inputs[0].amount_sat = Some(9_000);
        let instead = transaction(2, &[3], &[(1, 5)]);
        let replaced = transaction(4, &[1], &[(7, 5)]);
        let truth = transaction(1, &[1], &[(1, 5)]);
        let entries = signed(&[lie.clone(), instead]);
        let recalled = Memory::of(&entries).recall(&truth, &[]);
        assert!(matches!(
            recalled[..],
            [
                Remembered::AmountOverridden { input: 0, .. },
                Remembered::PaidBefore {
                    output: 0,
                    time: 1,
                    ..
                }
            ]
        ));
        let entries = signed(&[lie, replaced]);
        let recalled = Memory::of(&entries).recall(&truth, &[]);
        assert!(matches!(
            recalled[..],
            [
                Remembered::AmountOverridden { input: 0, .. },
                Remembered::CoinSigned {
                    input: 0,
                    time: 1,
                    ..
                }
            ]
        ));
    }

    #[test]
    fn a_fee_bump_keeps_payments_and_coins() {
        let entries = signed(&[transaction(1, &[1, 2], &[(1, 5), (2, 6)])]);
        let memory = Memory::of(&entries);
        let bump = [Remembered::FeeBump {
            earlier: txid(1),
            time: 0,
        }];
        let same_coins = transaction(2, &[1, 2], &[(2, 6), (1, 5)]);
        assert_eq!(memory.recall(&same_coins, &[]), bump);
        let more_coins = transaction(2, &[3, 2, 1], &[(1, 5), (2, 6)]);
        assert_eq!(memory.recall(&more_coins, &[]), bump);
    }

    #[test]
    fn a_coin_signed_for_other_outputs_is_refused_unless_superseded() {
        let entries = signed(&[transaction(1, &[1, 2], &[(1, 5)])]);
        let memory = Memory::of(&entries);
        let refused = |input, coin: u8| {
            vec![Remembered::CoinSigned {
                input,
                coin: OutPoint::new(txid(coin), 0),
                earlier: txid(1),
                time: 0,
            }]
        };
        let superseded = [Remembered::Supersedes {
            earlier: txid(1),
            time: 0,
        }];
        for (name, candidate, input, coin) in [
            ("another payee", transaction(2, &[1, 2], &[(9, 5)]), 0, 1),
            ("another amount", transaction(2, &[1, 2], &[(1, 6)]), 0, 1),
            (
                "one payment more",
                transaction(2, &[1, 2], &[(1, 5), (9, 1)]),
                0,
                1,
            ),
            (
                "the payment doubled",
                transaction(2, &[1, 2], &[(1, 5), (1, 5)]),
                0,
                1,
            ),
            ("no payment", transaction(2, &[1, 2], &[]), 0, 1),
            ("a coin less", transaction(2, &[7, 2], &[(1, 5)]), 1, 2),
        ] {
            assert_eq!(memory.recall(&candidate, &[]), refused(input, coin), "{name}");
            assert_eq!(memory.recall(&candidate, &[txid(1)]), superseded, "{name}");
            assert_eq!(
                memory.recall(&candidate, &[txid(3)]),
                refused(input, coin),
                "{name}"
            );
        }
    }

    #[test]
    fn every_earlier_conflict_needs_its_own_leave() {
        let entries = signed(&[transaction(1, &[1], &[(1, 5)]), transaction(2, &[2], &[(2, 6)])]);
        let recalled = Memory::of(&entries).recall(&transaction(3, &[1, 2], &[(1, 5)]), &[]);
        assert!(matches!(
            recalled[..],
            [
                Remembered::FeeBump { .. },
                Remembered::CoinSigned { input: 1, .. }
            ]
        ));
    }

    #[test]
    fn the_same_payment_over_other_coins_names_the_earliest_date() {
        let entries = signed(&[transaction(1, &[1], &[(1, 5)]), transaction(2, &[2], &[(1, 5)])]);
        let memory = Memory::of(&entries);
        let warned = [Remembered::PaidBefore {
            output: 1,
            amount: Amount::from_sat(5),
            earlier: txid(1),
            time: 0,
        }];
        assert_eq!(
            memory.recall(&transaction(3, &[3], &[(8, 1), (1, 5)]), &[]),
            warned
        );
        assert_eq!(memory.recall(&transaction(3, &[3], &[(1, 4)]), &[]), []);
    }

    #[test]
    fn change_that_repeats_is_no_repeated_payment() {
        let entries = signed(&[transaction(1, &[1], &[(1, 5)])]);
        let mut later = transaction(1, &[3], &[(2, 5)]);
        later.txid = [9; 32];
        assert_eq!(Memory::of(&entries).recall(&later, &[]), []);
    }

    #[test]
    fn the_highest_change_index_is_per_wallet() {
        let mut other = transaction(200, &[3], &[]);
        other.wallet_id = Some([6; 32]);
        let entries = signed(&[transaction(4, &[1], &[]), transaction(3, &[2], &[]), other]);
        let memory = Memory::of(&entries);
        let highest = |wallet| memory.highest_change(WalletId::from_bytes(wallet));
        assert_eq!(highest(WALLET), Some(4));
        assert_eq!(highest([6; 32]), Some(200));
        assert_eq!(highest([9; 32]), None);
    }

    #[test]
    fn an_index_that_is_only_claimed_raises_no_bound() {
        for (proof, expected) in [
            (Proof::PreviousTransaction, Some(900)),
            (Proof::Signature, None),
            (Proof::Remembered, None),
            (Proof::None, None),
        ] {
            let mut transaction = transaction(4, &[1], &[]);
            transaction.inputs[0].proof = proof;
            let entries = signed(&[transaction]);
            let wallet = WalletId::from_bytes(WALLET);
            assert_eq!(
                Memory::of(&entries).highest_receive(wallet),
                expected,
                "{proof:?}"
            );
            assert_eq!(Memory::of(&entries).highest_change(wallet), Some(4), "{proof:?}");
        }
    }

    #[test]
    fn refused_transactions_leave_no_claim_on_their_coins() {
        let mut entries = signed(&[transaction(1, &[1], &[(1, 5)])]);
        entries[0].event = Event::Refused(transaction(1, &[1], &[(1, 5)]), vec!["x".into()]);
        let recalled = Memory::of(&entries).recall(&transaction(2, &[1], &[(2, 5)]), &[]);
        assert_eq!(recalled, []);
    }
}
