//! One coin has one amount: the two-round fee attack (CVE-2020-14199) is a coin that is signed with
//! two.
//!
//! A segwit v0 signature covers its own input's amount only. Who has a transaction signed twice,
//! each time with another input's amount made too small, has one true signature of each round, and
//! together they pay a fee that nobody was shown. So an amount that nothing proves must be the one
//! that was signed before. A proven one overrides: the signature over the false amount is
//! worthless.
//!
//! A taproot signature covers the amounts and scripts of all inputs (BIP341): where one of them is
//! false it is worthless, and so what it claimed contradicts nothing later. For the attack, take
//! its last round that has a segwit v0 signature in it, and a coin that this round lies about: its
//! true signature was made in an earlier round, which told its true amount, remembered or proven,
//! and so was no taproot claim. Held against those alone, the last round is refused; a transaction
//! of taproot signatures only is no round of it.

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, OutPoint, Txid};

use crate::journal::entry::{InputRecord, Place, Proof, TransactionRecord};

/// Every amount that was signed, by its coin.
#[derive(Debug, Default)]
pub(super) struct SignedAmounts {
    by_coin: HashMap<OutPoint, Vec<SignedAmount>>,
    /// The coins of which different things were said.
    disputed: HashSet<OutPoint>,
}

/// What a transaction says of a coin: more than its amount, for a signature over another script is
/// as worthless.
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
    /// Another was signed, and at most one of the two signatures is worth anything, as each covers
    /// what it claims.
    Differs(SignedAmount),
    /// Another was signed, and nothing proves this one.
    Contradicts(SignedAmount),
}

impl Claim {
    /// Returns whether two claims are of one coin with one amount and script.
    fn agrees(&self, proof: Proof, other: &Claim, other_proof: Proof) -> bool {
        // Of two proofs, one may lack the derivation that tells whose the coin is.
        match is_proof(proof) && is_proof(other_proof) {
            true => self.amount == other.amount,
            false => self == other,
        }
    }
}

impl SignedAmounts {
    pub(super) fn add(&mut self, time: u64, transaction: &TransactionRecord) {
        for input in &transaction.inputs {
            if let Some(amount_sat) = input.amount_sat {
                let coin = input.outpoint();
                let claim = claim(transaction, input, amount_sat);
                let signed = self.by_coin.entry(coin).or_default();
                if signed.first().is_some_and(|first| first.claim != claim) {
                    self.disputed.insert(coin);
                }
                signed.push(SignedAmount {
                    claim,
                    proof: input.proof,
                    earlier: transaction.txid(),
                    time,
                });
            }
        }
    }

    /// Holds what is said of a coin against all else that was signed of it, in whatever
    /// transaction. `covered` tells whether each signature of the transaction that says it
    /// [covers](is_covered) all that it claims.
    pub(super) fn compare(
        &self,
        coin: OutPoint,
        claim: &Claim,
        proof: Proof,
        covered: bool,
    ) -> Compared {
        let Some(signed) = self.by_coin.get(&coin) else {
            return Compared::Same;
        };
        let agrees = |signed: &&SignedAmount| signed.claim.agrees(signed.proof, claim, proof);
        let others = signed.iter().filter(|signed| !agrees(signed));
        let Some(first) = others.clone().next() else {
            return Compared::Same;
        };
        if let Some(proven) = others.clone().find(|signed| is_proof(signed.proof)) {
            // Whatever proves two amounts for one coin proves nothing.
            return Compared::Contradicts(*proven);
        }
        if is_proof(proof) {
            return Compared::Overrides(*first);
        }
        if signed
            .iter()
            .filter(agrees)
            .any(|signed| is_proof(signed.proof))
        {
            return Compared::Same;
        }
        match others
            .clone()
            .find(|signed| signed.proof != Proof::Signature)
        {
            Some(other) if !covered => Compared::Contradicts(*other),
            _ => Compared::Differs(*first),
        }
    }

    /// Returns whether some transaction said something else of a coin.
    pub(super) fn is_denied(&self, coin: OutPoint, claim: &Claim, proof: Proof) -> bool {
        let mut signed = self.by_coin.get(&coin).into_iter().flatten();
        signed.any(|signed| !signed.claim.agrees(signed.proof, claim, proof))
    }

    /// Returns the transactions that said of some coin what the journal proves to be false, with
    /// that coin and the truth.
    pub(super) fn disproven(&self) -> impl Iterator<Item = (Txid, OutPoint, Claim)> {
        self.disputed.iter().flat_map(|coin| {
            let signed = self
                .by_coin
                .get(coin)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let proven = signed.iter().find(|signed| is_proof(signed.proof));
            proven.into_iter().flat_map(move |proven| {
                let false_ones = signed.iter().filter(|signed| {
                    !signed
                        .claim
                        .agrees(signed.proof, &proven.claim, proven.proof)
                });
                false_ones.map(|signed| (signed.earlier, *coin, proven.claim))
            })
        })
    }
}

fn is_proof(proof: Proof) -> bool {
    proof == Proof::PreviousTransaction
}

/// Returns whether every signature of a transaction covers the amounts and scripts of all inputs
/// (BIP341), so that all of them are worthless if one is false. A proven coin may be of any type.
pub(super) fn is_covered(transaction: &TransactionRecord) -> bool {
    let mut inputs = transaction.inputs.iter();
    inputs.all(|input| input.proof == Proof::Signature)
}

/// Returns whether a transaction says something else of a coin than this, as far as it says
/// anything.
pub(super) fn denies(
    transaction: &TransactionRecord,
    input: &InputRecord,
    claim: &Claim,
    proof: Proof,
) -> bool {
    let said = input
        .amount_sat
        .map(|amount| self::claim(transaction, input, amount));
    said.is_some_and(|said| !said.agrees(input.proof, claim, proof))
}

/// What a transaction says of a coin that it spends.
pub(super) fn claim(
    transaction: &TransactionRecord,
    input: &InputRecord,
    amount_sat: u64,
) -> Claim {
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
                Remembered::AmountChanged { .. }
                    | Remembered::AmountOverridden { .. }
                    | Remembered::AmountDiffers { .. }
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

    fn changed(
        input: usize,
        found: u64,
        signed: u64,
        proof: Proof,
        earlier: u8,
    ) -> Vec<Remembered> {
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
        assert_eq!(
            amounts(&entries, &spending(1, first)),
            [],
            "the same round again"
        );
        // The same transaction: its id covers no amount, and being signed before is no excuse.
        let second = spending(1, truth);
        let refused = changed(1, 90_000, 20_000, REMEMBERED, 1);
        assert_eq!(amounts(&entries, &second), refused);
        let all = Memory::of(&entries).recall(&second, &[]);
        assert!(
            all.contains(&Remembered::SignedBefore { time: 0 }),
            "{all:?}"
        );
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
        // The journal is durable before the signature: after a crash between the two, it is all
        // that there is.
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
        assert_eq!(
            amounts(&entries, &truth),
            [],
            "the proven amount is the amount"
        );
    }

    #[test]
    fn a_proven_amount_overrides_and_is_never_overridden() {
        let entries = signed(&[spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)])]);
        let proven = spending(1, [(10_000, PROVEN), (90_000, PROVEN)]);
        let Remembered::AmountChanged {
            input,
            found,
            signed,
        } = changed(1, 90_000, 20_000, REMEMBERED, 1).remove(0)
        else {
            unreachable!()
        };
        assert_eq!(
            amounts(&entries, &proven),
            [Remembered::AmountOverridden {
                input,
                found,
                signed
            }]
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

    fn differs(
        input: usize,
        found: u64,
        signed: u64,
        proof: Proof,
        earlier: u8,
        coins: usize,
    ) -> Vec<Remembered> {
        let Remembered::AmountChanged {
            input,
            found,
            signed,
        } = changed(input, found, signed, proof, earlier).remove(0)
        else {
            unreachable!()
        };
        vec![Remembered::AmountDiffers {
            input,
            found,
            signed,
            coins,
        }]
    }

    /// One lie would else freeze the wallet: every later truth contradicts it.
    #[test]
    fn what_a_taproot_signature_covered_contradicts_nothing_later() {
        let lie = [(10_000, TAPROOT), (20_000, TAPROOT)];
        let truth = [(10_000, TAPROOT), (90_000, TAPROOT)];
        let entries = signed(&[spending(1, lie)]);
        let noted = differs(1, 90_000, 20_000, TAPROOT, 1, 1);
        assert_eq!(
            amounts(&entries, &spending(1, truth)),
            noted,
            "the same transaction"
        );
        assert_eq!(amounts(&entries, &spending(2, truth)), noted, "another one");
        // A previous transaction for one coin and a claim for the other is a taproot wallet's too.
        let half = [(10_000, PROVEN), (20_000, TAPROOT)];
        let entries = signed(&[spending(1, half)]);
        assert_eq!(
            amounts(&entries, &spending(2, truth)),
            noted,
            "beside a proven coin"
        );
        let proven = spending(1, [(10_000, PROVEN), (90_000, PROVEN)]);
        assert!(matches!(
            amounts(&entries, &proven)[..],
            [Remembered::AmountOverridden { input: 1, .. }]
        ));
        // All coins at once are one finding.
        let both = spending(2, [(11_000, TAPROOT), (90_000, TAPROOT)]);
        assert_eq!(
            amounts(&signed(&[spending(1, lie)]), &both),
            differs(0, 11_000, 10_000, TAPROOT, 1, 2)
        );
        // What is proven is not contradicted.
        let entries = signed(&[spending(1, [(10_000, PROVEN), (90_000, PROVEN)])]);
        assert_eq!(
            amounts(&entries, &spending(2, lie)),
            changed(1, 20_000, 90_000, PROVEN, 1)
        );
    }

    /// Of a segwit v0 coin that is passed off as a taproot one, and the reverse: each round has one
    /// true segwit v0 signature.
    #[test]
    fn the_fee_attack_with_taproot_claims_ends_at_its_last_round() {
        let rounds = [
            [(10_000, REMEMBERED), (20_000, TAPROOT)],
            [(9_000, TAPROOT), (90_000, REMEMBERED)],
        ];
        let entries = signed(&[spending(1, rounds[0])]);
        let second = amounts(&entries, &spending(1, rounds[1]));
        assert!(
            second.contains(&changed(0, 9_000, 10_000, REMEMBERED, 1)[0]),
            "{second:?}"
        );
        let proven = [(10_000, PROVEN), (20_000, TAPROOT)];
        let entries = signed(&[spending(1, proven)]);
        let second = amounts(&entries, &spending(1, rounds[1]));
        assert!(
            second.contains(&changed(0, 9_000, 10_000, PROVEN, 1)[0]),
            "{second:?}"
        );
        // A worthless claim that a taproot coin is a segwit v0 one freezes nothing either.
        let entries = signed(&[spending(1, [(10_000, REMEMBERED), (20_000, REMEMBERED)])]);
        let truth = spending(2, [(10_000, TAPROOT), (90_000, TAPROOT)]);
        assert_eq!(
            amounts(&entries, &truth),
            differs(1, 90_000, 20_000, REMEMBERED, 1, 1)
        );
    }

    /// Two rounds over two coins, each with one true segwit v0 signature, in every way to lie about
    /// the other: the last is refused.
    #[test]
    fn no_order_of_rounds_and_claims_gives_a_signature_of_each_coin() {
        let lies = [REMEMBERED, TAPROOT];
        let mut tried = 0;
        for first in 0..2 {
            for lie_of_first in lies {
                for lie_of_second in lies {
                    for truths in [
                        [REMEMBERED, REMEMBERED],
                        [REMEMBERED, PROVEN],
                        [PROVEN, REMEMBERED],
                        [PROVEN, PROVEN],
                    ] {
                        let mut rounds = truths.map(|truth| [(10_000, truth); 2]);
                        rounds[0][1 - first] = (9_000, lie_of_first);
                        rounds[1][first] = (9_000, lie_of_second);
                        let entries = signed(&[spending(1, rounds[0])]);
                        let found = amounts(&entries, &spending(1, rounds[1]));
                        let refused =
                            |found: &Remembered| matches!(found, Remembered::AmountChanged { .. });
                        assert!(found.iter().any(refused), "{rounds:?}: {found:?}");
                        tried += 1;
                    }
                }
            }
        }
        assert_eq!(tried, 32);
    }

    /// Two rounds with true amounts, each with another coin's script made false, would each give
    /// one true signature.
    #[test]
    fn coins_have_one_script_too() {
        let truth = [(10_000, REMEMBERED), (20_000, REMEMBERED)];
        let entries = signed(&[spending(1, truth)]);
        let mut other = spending(1, truth);
        other.inputs[1].place = Some(Place {
            branch: 0,
            index: 7,
        });
        let mut refused = changed(1, 20_000, 20_000, REMEMBERED, 1);
        let Remembered::AmountChanged { found, .. } = &mut refused[0] else {
            unreachable!()
        };
        *found = at(20_000, 7);
        assert_eq!(amounts(&entries, &other), refused);
        other.inputs[1].place = None;
        assert_eq!(
            amounts(&entries, &other).len(),
            1,
            "a foreign coin that was ours"
        );
        let mut foreign = spending(1, truth);
        foreign.wallet_id = Some([6; 32]);
        assert_eq!(
            amounts(&entries, &foreign).len(),
            2,
            "another wallet's coins"
        );
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
        assert!(
            !memory.knows(&second),
            "the same transaction with another amount"
        );
    }
}
