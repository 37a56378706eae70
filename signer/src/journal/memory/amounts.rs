//! One coin has one amount: the two-round fee attack (CVE-2020-14199) is a coin that is signed with two.
//!
//! A segwit v0 signature covers its own input's amount only. Who has a transaction signed twice, each time with another
//! input's amount made too small, has one true signature of each round, and together they pay a fee that nobody was shown.
//! So an amount that nothing proves must be the one that was signed before. A proven one overrides: the signature over the
//! false amount is worthless.

use std::collections::HashMap;

use bitcoin::{Amount, OutPoint, Txid};

use crate::journal::entry::{InputRecord, Place, Proof, TransactionRecord};

/// Every amount that was signed, by its coin.
#[derive(Debug, Default)]
pub(super) struct SignedAmounts(HashMap<OutPoint, Vec<SignedAmount>>);

/// What a transaction says of a coin: more than its amount, for a signature over another script is as worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The amount.
    pub(crate) amount: Amount,
    /// The wallet that spends it.
    pub(crate) wallet: Option<[u8; 32]>,
    /// Where that wallet derives its script; none when it is not its own.
    pub(crate) place: Option<Place>,
}

/// An amount that was signed for a coin, in an earlier transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignedAmount {
    /// What was said of the coin.
    pub(crate) claim: Claim,
    /// How it was known.
    pub(crate) proof: Proof,
    /// The transaction.
    pub(crate) earlier: Txid,
    /// When it was signed.
    pub(crate) time: u64,
}

/// What an input's amount is to the amounts that were signed for its coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// None other was signed.
    Same,
    /// Another was signed, and it is proven now that it was false.
    Overrides(SignedAmount),
    /// Another was signed, and nothing proves this one.
    Contradicts(SignedAmount),
}

impl SignedAmounts {
    pub(super) fn add(&mut self, time: u64, transaction: &TransactionRecord) {
        for input in &transaction.inputs {
            if let Some(amount_sat) = input.amount_sat {
                self.0.entry(input.outpoint()).or_default().push(SignedAmount {
                    claim: claim(transaction, input, amount_sat),
                    proof: input.proof,
                    earlier: transaction.txid(),
                    time,
                });
            }
        }
    }

    /// Holds what is said of a coin against all else that was signed of it, in whatever transaction.
    pub(super) fn compare(&self, coin: OutPoint, claim: &Claim, proof: Proof) -> Compared {
        let Some(signed) = self.0.get(&coin) else {
            return Compared::Same;
        };
        let is_proof = |proof| proof == Proof::PreviousTransaction;
        // Of two proofs, one may lack the derivation that tells whose the coin is.
        let agrees = |signed: &SignedAmount| match is_proof(signed.proof) && is_proof(proof) {
            true => signed.claim.amount == claim.amount,
            false => signed.claim == *claim,
        };
        let mut others = signed.iter().filter(|signed| !agrees(signed));
        let Some(first) = others.clone().next() else {
            return Compared::Same;
        };
        let proven_other = others.find(|signed| is_proof(signed.proof));
        let proven_before = signed
            .iter()
            .any(|signed| agrees(signed) && is_proof(signed.proof));
        match proven_other {
            // Whatever proves two amounts for one coin proves nothing.
            Some(other) => Compared::Contradicts(*other),
            None if is_proof(proof) => Compared::Overrides(*first),
            None if proven_before => Compared::Same,
            None => Compared::Contradicts(*first),
        }
    }

    /// Returns whether the transaction was signed with these very amounts, known in these ways.
    pub(super) fn hold(&self, transaction: &TransactionRecord) -> bool {
        transaction.inputs.iter().all(|input| {
            let mut signed = self.0.get(&input.outpoint()).into_iter().flatten();
            signed.any(|signed| {
                let same = |amount| signed.claim == claim(transaction, input, amount);
                signed.earlier == transaction.txid()
                    && input.amount_sat.is_some_and(same)
                    && signed.proof == input.proof
            })
        })
    }
}

/// What a transaction says of a coin that it spends.
pub(super) fn claim(transaction: &TransactionRecord, input: &InputRecord, amount_sat: u64) -> Claim {
    Claim {
        amount: Amount::from_sat(amount_sat),
        wallet: transaction.wallet_id,
        place: input.place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::{Entry, Event};
    use crate::journal::memory::testing::{WALLET, signed, transaction, txid};
    use crate::journal::{Memory, Remembered};

    const PROVEN: Proof = Proof::PreviousTransaction;
    const REMEMBERED: Proof = Proof::Remembered;
    const TAPROOT: Proof = Proof::Signature;

    /// A transaction over two coins with these amounts, known in these ways.
    fn spending(id: u8, coins: [(u64, Proof); 2]) -> TransactionRecord {
        let mut transaction = transaction(id, &[1, 2], &[(1, 5)]);
        for (input, (amount, proof)) in transaction.inputs.iter_mut().zip(coins) {
            (input.amount_sat, input.proof) = (Some(amount), proof);
        }
        transaction
    }

    /// What is recalled of amounts.
    fn amounts(entries: &[Entry], candidate: &TransactionRecord) -> Vec<Remembered> {
        let mut recalled = Memory::of(entries).recall(candidate, &[]);
        recalled.retain(|remembered| {
            matches!(
                remembered,
                Remembered::AmountChanged { .. } | Remembered::AmountOverridden { .. }
            )
        });
        recalled
    }

    fn at(amount: u64, index: u32) -> Claim {
        Claim {
            amount: Amount::from_sat(amount),
            wallet: Some(WALLET),
            place: Some(Place { branch: 0, index }),
        }
    }

    fn changed(input: usize, found: u64, signed: u64, proof: Proof, earlier: u8) -> Vec<Remembered> {
        vec![Remembered::AmountChanged {
            input,
            found: at(found, 900),
            signed: SignedAmount {
                claim: at(signed, 900),
                proof,
                earlier: txid(earlier),
                time: u64::from(earlier) - 1,
            },
        }]
    }

    #[test]
    fn the_second_round_of_the_fee_attack_is_refused() {
        let truth = [(10_000, REMEMBERED), (90_000, REMEMBERED)];
        let first = [(10_000, REMEMBERED), (20_000, REMEMBERED)];
        let entries = signed(&[spending(1, first)]);
        assert_eq!(amounts(&entries, &spending(1, first)), [], "the same round again");
        // The same transaction: its id covers no amount, and being signed before is no excuse.
        let second = spending(1, truth);
        let refused = changed(1, 90_000, 20_000, REMEMBERED, 1);
        assert_eq!(amounts(&entries, &second), refused);
        let all = Memory::of(&entries).recall(&second, &[]);
        assert!(all.contains(&Remembered::SignedBefore { time: 0 }), "{all:?}");
        // Another transaction over the coin, a fee bump or not.
        assert_eq!(amounts(&entries, &spending(2, truth)), refused);
        assert_eq!(
            Memory::of(&entries).recall(&spending(2, truth), &[txid(1)])[0],
            refused[0],
            "--supersede is no excuse"
        );
        // Both at once.
        let both = spending(1, [(9_000, REMEMBERED), (90_000, REMEMBERED)]);
        assert_eq!(amounts(&entries, &both).len(), 2);
    }

    #[test]
    fn a_round_that_never_left_counts() {
        // The journal is durable before the signature: after a crash between the two, it is all that there is.
        let entries = signed(&[spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)])]);
        let again = spending(1, [(10_000, REMEMBERED), (20_001, REMEMBERED)]);
        assert_eq!(
            amounts(&entries, &again),
            changed(1, 20_001, 20_000, REMEMBERED, 1)
        );
    }

    #[test]
    fn a_second_record_of_one_transaction_is_no_second_chance() {
        // False at first, then proven; what is signed later is held against both.
        let entries = signed(&[
            spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)]),
            spending(1, [(10_000, PROVEN), (90_000, PROVEN)]),
        ]);
        let lie = spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)]);
        let mut refused = changed(1, 20_000, 90_000, PROVEN, 1);
        let Remembered::AmountChanged { signed, .. } = &mut refused[0] else {
            unreachable!()
        };
        signed.time = 1;
        assert_eq!(amounts(&entries, &lie), refused);
        let truth = spending(2, [(10_000, REMEMBERED), (90_000, REMEMBERED)]);
        assert_eq!(amounts(&entries, &truth), [], "the proven amount is the amount");
    }

    #[test]
    fn a_proven_amount_overrides_and_is_never_overridden() {
        let entries = signed(&[spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)])]);
        let proven = spending(1, [(10_000, PROVEN), (90_000, PROVEN)]);
        let Remembered::AmountChanged { input, found, signed } =
            changed(1, 90_000, 20_000, REMEMBERED, 1).remove(0)
        else {
            unreachable!()
        };
        assert_eq!(
            amounts(&entries, &proven),
            [Remembered::AmountOverridden { input, found, signed }]
        );
        let half = spending(1, [(10_001, REMEMBERED), (90_000, PROVEN)]);
        assert!(
            amounts(&entries, &half).contains(&changed(0, 10_001, 10_000, REMEMBERED, 1)[0]),
            "the other coin's lie is refused all the same"
        );
        for proof in [REMEMBERED, TAPROOT, Proof::None, PROVEN] {
            let entries = self::signed(&[spending(1, [(10_000, PROVEN), (20_000, PROVEN)])]);
            let later = spending(2, [(10_000, PROVEN), (20_001, proof)]);
            assert_eq!(
                amounts(&entries, &later),
                changed(1, 20_001, 20_000, PROVEN, 1),
                "{proof:?}"
            );
        }
    }

    #[test]
    fn taproot_coins_have_one_amount_too() {
        let entries = signed(&[spending(1, [(10_000, TAPROOT), (20_000, TAPROOT)])]);
        let later = spending(1, [(10_000, TAPROOT), (90_000, TAPROOT)]);
        assert_eq!(amounts(&entries, &later), changed(1, 90_000, 20_000, TAPROOT, 1));
        // The way out, where a watcher lied once: a previous transaction.
        let proven = spending(1, [(10_000, PROVEN), (90_000, PROVEN)]);
        assert!(matches!(
            amounts(&entries, &proven)[..],
            [Remembered::AmountOverridden { input: 1, .. }]
        ));
    }

    /// Two rounds with true amounts, each with another coin's script made false, would each give one true signature.
    #[test]
    fn coins_have_one_script_too() {
        let truth = [(10_000, REMEMBERED), (20_000, REMEMBERED)];
        let entries = signed(&[spending(1, truth)]);
        let mut other = spending(1, truth);
        other.inputs[1].place = Some(Place { branch: 0, index: 7 });
        let mut refused = changed(1, 20_000, 20_000, REMEMBERED, 1);
        let Remembered::AmountChanged { found, .. } = &mut refused[0] else {
            unreachable!()
        };
        *found = at(20_000, 7);
        assert_eq!(amounts(&entries, &other), refused);
        other.inputs[1].place = None;
        assert_eq!(amounts(&entries, &other).len(), 1, "a foreign coin that was ours");
        let mut foreign = spending(1, truth);
        foreign.wallet_id = Some([6; 32]);
        assert_eq!(amounts(&entries, &foreign).len(), 2, "another wallet's coins");
        // Whose a coin is that is proven twice, is for the review to say.
        let proven = [(10_000, PROVEN), (20_000, PROVEN)];
        let mut undeclared = spending(1, proven);
        undeclared.inputs[1].place = None;
        assert_eq!(amounts(&signed(&[undeclared]), &spending(1, proven)), []);
    }

    #[test]
    fn what_was_refused_says_nothing_and_what_was_imported_counts() {
        let first = spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)]);
        let second = spending(1, [(10_000, REMEMBERED), (90_000, REMEMBERED)]);
        let mut entries = signed(std::slice::from_ref(&first));
        entries[0].event = Event::Refused(first.clone(), vec!["declined".into()]);
        assert_eq!(amounts(&entries, &second), []);
        entries[0].event = Event::Imported {
            vault_id: [1; 16],
            sequence: 3,
            time: 0,
            transaction: first.clone(),
        };
        assert_eq!(
            amounts(&entries, &second),
            changed(1, 90_000, 20_000, REMEMBERED, 1)
        );
        let memory = Memory::of(&entries);
        assert!(memory.knows(&first));
        assert!(!memory.knows(&second), "the same transaction with another amount");
    }
}
