//! What the journal remembers of earlier signatures, and the rules for signing again.

mod again;
mod amounts;
mod payments;
#[cfg(test)]
mod testing;

use std::collections::{HashMap, HashSet};

use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, Txid};

pub(crate) use amounts::{Claim, SignedAmount};
use amounts::{Compared, SignedAmounts, claim, denies, is_covered};
use payments::Payments;

use crate::journal::entry::{Class, Entry, Event, Place, Proof, TransactionRecord};

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
    /// What was recorded when a transaction was signed once more.
    again: HashMap<usize, Vec<&'a TransactionRecord>>,
    by_coin: HashMap<OutPoint, Vec<usize>>,
    payments: Payments<'a>,
    amounts: SignedAmounts,
    /// Those that can never confirm: some coin of theirs was signed for only with what the journal
    /// proves to be false.
    worthless: HashSet<usize>,
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
    /// Another amount was signed for a coin, and at most one of the two signatures is worth
    /// anything: each covers what it claims.
    AmountDiffers {
        /// The index of the first such input.
        input: usize,
        /// What is said of it now.
        found: Claim,
        /// What was signed.
        signed: SignedAmount,
        /// How many inputs are such.
        coins: usize,
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
    /// It pays what an earlier one pays or nearly that, and both could confirm.
    PaidBefore {
        /// The index of the output.
        output: usize,
        /// The amount.
        amount: Amount,
        /// What the earlier one pays.
        signed: Amount,
        /// The earlier transaction.
        earlier: Txid,
        /// When it was signed.
        time: u64,
    },
    /// It pays a script that earlier ones pay, other amounts, and both could confirm.
    PayeePaidBefore {
        /// The index of the output.
        output: usize,
        /// How many earlier payments there are.
        count: usize,
        /// What the latest one pays.
        signed: Amount,
        /// The latest one's transaction.
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
        memory.worthless = memory.found_worthless();
        memory
    }

    fn add(&mut self, time: u64, transaction: &'a TransactionRecord) {
        // Before all else: the same transaction may have been signed with other amounts.
        self.amounts.add(time, transaction);
        if let Some(at) = self.by_txid.get(&transaction.txid) {
            self.again.entry(*at).or_default().push(transaction);
            return;
        }
        let at = self.signed.len();
        self.by_txid.insert(transaction.txid, at);
        for input in &transaction.inputs {
            self.by_coin.entry(input.outpoint()).or_default().push(at);
        }
        self.payments.add(at, time, transaction);
        self.signed.push(Earlier { time, transaction });
    }

    fn found_worthless(&self) -> HashSet<usize> {
        let mut worthless = HashSet::new();
        for (txid, coin, truth) in self.amounts.disproven() {
            let at = self.by_txid.get(&txid.to_byte_array());
            if let Some(at) =
                at.filter(|at| self.all_deny(**at, coin, &truth, Proof::PreviousTransaction))
            {
                worthless.insert(*at);
            }
        }
        worthless
    }

    /// Every record of an earlier transaction: the first, and those of signing it again.
    fn records(&self, at: usize) -> impl Iterator<Item = &'a TransactionRecord> {
        let again = self.again.get(&at).into_iter().flatten().copied();
        [self.signed[at].transaction].into_iter().chain(again)
    }

    /// Returns whether each time that the transaction was signed something else was said of a coin
    /// of it. A signature covers what it says of its own coin, whatever the coin's type, so that
    /// then none of its signatures goes with this claim.
    fn all_deny(&self, at: usize, coin: OutPoint, claim: &Claim, proof: Proof) -> bool {
        self.records(at).all(|record| {
            let mut inputs = record.inputs.iter();
            let input = inputs.find(|input| input.outpoint() == coin);
            input.is_some_and(|input| denies(record, input, claim, proof))
        })
    }

    /// Returns what was recorded of a transaction when it was first signed, if it was.
    pub(crate) fn get(&self, txid: Txid) -> Option<&'a TransactionRecord> {
        let at = self.by_txid.get(&txid.to_byte_array())?;
        Some(self.signed[*at].transaction)
    }

    /// Returns whether it was signed before, with the same amounts, known in the same ways.
    pub(crate) fn knows(&self, transaction: &TransactionRecord) -> bool {
        let at = self.by_txid.get(&transaction.txid);
        at.is_some_and(|at| {
            self.records(*at).any(|record| {
                record.wallet_id == transaction.wallet_id && record.inputs == transaction.inputs
            })
        })
    }

    /// Returns the script of every payment that was signed and could confirm, the earliest first,
    /// each once.
    pub(crate) fn payees(&self) -> impl Iterator<Item = &'a bitcoin::Script> {
        let signed = self.signed.iter().enumerate();
        let live = signed.filter(|(at, _)| !self.worthless.contains(at));
        let outputs = live.flat_map(|(_, earlier)| &earlier.transaction.outputs);
        let mut seen = HashSet::new();
        outputs
            .filter(|output| output.class == Class::Payment)
            .filter(move |output| seen.insert(output.script.as_slice()))
            .map(|output| bitcoin::Script::from_bytes(&output.script))
    }

    /// Returns the places in a wallet of the scripts that signed transactions spend and pay, where
    /// this one may be: of the outputs that pay it, or else of every input from this index on.
    pub(crate) fn places(
        &self,
        wallet: [u8; 32],
        script: &bitcoin::Script,
        from: u32,
    ) -> Vec<Place> {
        let of_wallet = || {
            let signed = self.signed.iter().map(|earlier| earlier.transaction);
            signed.filter(move |transaction| transaction.wallet_id == Some(wallet))
        };
        let outputs = of_wallet().flat_map(|transaction| &transaction.outputs);
        let paying = outputs.filter(|output| output.script == script.as_bytes());
        let paid: Vec<Place> = paying.filter_map(|output| output.place).take(1).collect();
        if !paid.is_empty() {
            return paid;
        }
        let inputs = of_wallet().flat_map(|transaction| &transaction.inputs);
        let far = inputs
            .filter_map(|input| input.place)
            .filter(|place| place.index >= from);
        let mut seen = HashSet::new();
        far.filter(|place| seen.insert(*place)).collect()
    }

    /// Holds a transaction against everything that was signed before, by the rules for signing
    /// again.
    ///
    /// The very same transaction may always be signed again, whatever was signed since, if its
    /// coins have the same amounts: its signatures are out already.
    pub(crate) fn recall(
        &self,
        candidate: &TransactionRecord,
        supersedes: &[Txid],
    ) -> Vec<Remembered> {
        let mut recalled = self.recall_amounts(candidate);
        let before = self.by_txid.get(&candidate.txid).copied();
        let is_other = |found: &Remembered| {
            matches!(
                found,
                Remembered::AmountOverridden { .. } | Remembered::AmountDiffers { .. }
            )
        };
        // Its signatures are out already, unless they were over other amounts: then these would be
        // the first.
        if let Some(at) = before.filter(|_| self.knows(candidate) || !recalled.iter().any(is_other))
        {
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
            } else if self.excludes(*at, candidate) {
                continue;
            } else {
                Remembered::CoinSigned {
                    input: *input,
                    coin: candidate.inputs[*input].outpoint(),
                    earlier,
                    time,
                }
            });
        }
        let mut left_out: HashSet<usize> = conflicts.iter().map(|(at, _)| *at).collect();
        left_out.extend(before);
        let could_confirm = |at: usize| !left_out.contains(&at) && !self.worthless.contains(&at);
        let txid = |at: usize| self.signed[at].transaction.txid();
        recalled.extend(self.payments.recall(candidate, could_confirm, txid));
        recalled
    }

    /// Returns whether at most one of the candidate and an earlier transaction that shares a coin
    /// with it can be valid: the earlier one is worthless by what the journal proves, or the two
    /// say different things of some coin.
    fn excludes(&self, at: usize, candidate: &TransactionRecord) -> bool {
        let mut inputs = candidate.inputs.iter();
        self.worthless.contains(&at)
            || inputs.any(|input| {
                let coin = input.outpoint();
                let said = input
                    .amount_sat
                    .map(|amount| claim(candidate, input, amount));
                said.is_some_and(|said| {
                    self.amounts.is_denied(coin, &said, input.proof)
                        && self.all_deny(at, coin, &said, input.proof)
                })
            })
    }

    fn recall_amounts(&self, candidate: &TransactionRecord) -> Vec<Remembered> {
        let covered = is_covered(candidate);
        let mut recalled = Vec::new();
        let mut differing: Option<Remembered> = None;
        for (index, input) in candidate.inputs.iter().enumerate() {
            let Some(amount_sat) = input.amount_sat else {
                continue;
            };
            let found = claim(candidate, input, amount_sat);
            match self
                .amounts
                .compare(input.outpoint(), &found, input.proof, covered)
            {
                Compared::Same => {}
                Compared::Overrides(signed) => recalled.push(Remembered::AmountOverridden {
                    input: index,
                    found,
                    signed,
                }),
                Compared::Contradicts(signed) => recalled.push(Remembered::AmountChanged {
                    input: index,
                    found,
                    signed,
                }),
                Compared::Differs(signed) => match &mut differing {
                    Some(Remembered::AmountDiffers { coins, .. }) => *coins += 1,
                    _ => {
                        differing = Some(Remembered::AmountDiffers {
                            input: index,
                            found,
                            signed,
                            coins: 1,
                        });
                    }
                },
            }
        }
        recalled.extend(differing);
        recalled
    }

    /// Returns whether the transaction shares a coin with the earlier one, so that at most one of
    /// them can confirm.
    pub(crate) fn conflict(&self, transaction: &TransactionRecord, earlier: Txid) -> bool {
        let Some(earlier) = self.get(earlier) else {
            return false;
        };
        let coins: HashSet<OutPoint> = earlier
            .inputs
            .iter()
            .map(|input| input.outpoint())
            .collect();
        let mut spent = transaction.inputs.iter().map(|input| input.outpoint());
        spent.any(|coin| coins.contains(&coin))
    }

    /// The earlier transactions that share a coin with the candidate, each with the first input
    /// that does.
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

    /// The first signature was over a false amount, and so worthless; the payment was then made
    /// over other coins.
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
            assert_eq!(
                memory.recall(&candidate, &[]),
                refused(input, coin),
                "{name}"
            );
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
        let entries = signed(&[
            transaction(1, &[1], &[(1, 5)]),
            transaction(2, &[2], &[(2, 6)]),
        ]);
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
        let entries = signed(&[
            transaction(1, &[1], &[(1, 5)]),
            transaction(2, &[2], &[(1, 5)]),
        ]);
        let memory = Memory::of(&entries);
        let warned = [Remembered::PaidBefore {
            output: 1,
            amount: Amount::from_sat(5),
            signed: Amount::from_sat(5),
            earlier: txid(1),
            time: 0,
        }];
        assert_eq!(
            memory.recall(&transaction(3, &[3], &[(8, 1), (1, 5)]), &[]),
            warned
        );
    }

    #[test]
    fn change_that_repeats_is_no_repeated_payment() {
        let entries = signed(&[transaction(1, &[1], &[(1, 5)])]);
        let mut later = transaction(1, &[3], &[(2, 5)]);
        later.txid = [9; 32];
        assert_eq!(Memory::of(&entries).recall(&later, &[]), []);
    }

    /// A taproot transaction over coins with these amounts, which its signatures cover.
    fn claiming(id: u8, coins: &[(u8, u64)], payments: &[(u8, u64)]) -> TransactionRecord {
        let numbers: Vec<u8> = coins.iter().map(|(coin, _)| *coin).collect();
        let mut transaction = transaction(id, &numbers, payments);
        for (input, (_, amount)) in transaction.inputs.iter_mut().zip(coins) {
            (input.amount_sat, input.proof) = (Some(*amount), Proof::Signature);
        }
        transaction
    }

    fn kinds(recalled: &[Remembered]) -> Vec<&'static str> {
        let kind = |remembered: &Remembered| match remembered {
            Remembered::AmountChanged { .. } => "changed",
            Remembered::AmountOverridden { .. } => "overridden",
            Remembered::AmountDiffers { .. } => "differs",
            Remembered::SignedBefore { .. } => "signed",
            Remembered::FeeBump { .. } => "bump",
            Remembered::Supersedes { .. } => "supersedes",
            Remembered::CoinSigned { .. } => "coin",
            Remembered::PaidBefore { .. } => "paid",
            Remembered::PayeePaidBefore { .. } => "payee",
        };
        recalled.iter().map(kind).collect()
    }

    /// Of two transactions that say different things of a coin of both, at most one can be valid.
    #[test]
    fn a_false_amount_claims_no_coin() {
        let lie = claiming(1, &[(1, 9_000), (2, 10_000)], &[(1, 5_000)]);
        let entries = signed(std::slice::from_ref(&lie));
        let memory = Memory::of(&entries);
        let recalled = |candidate: &TransactionRecord| kinds(&memory.recall(candidate, &[]));
        let truth = claiming(1, &[(1, 10_000), (2, 10_000)], &[(1, 5_000)]);
        assert_eq!(recalled(&truth), ["differs"], "the same transaction");
        let other = claiming(2, &[(1, 10_000), (2, 10_000)], &[(2, 7_000)]);
        assert_eq!(recalled(&other), ["differs"], "another one");
        let without = claiming(2, &[(2, 10_000)], &[(2, 7_000)]);
        assert_eq!(
            recalled(&without),
            ["coin"],
            "nothing here tells that it was a lie"
        );
        let again = claiming(2, &[(1, 9_000), (2, 10_000)], &[(2, 7_000)]);
        assert_eq!(
            recalled(&again),
            ["coin"],
            "the same lie, of which one can be the truth"
        );
        assert_eq!(recalled(&lie), ["signed"]);
    }

    /// What was signed over other amounts is not out: the payment may have been made otherwise
    /// since.
    #[test]
    fn a_transaction_with_other_amounts_is_held_against_what_was_signed_since() {
        let lie = claiming(1, &[(1, 9_000)], &[(1, 5_000)]);
        let truth = claiming(1, &[(1, 10_000)], &[(1, 5_000)]);
        let entries = signed(&[lie.clone(), transaction(2, &[3], &[(1, 5_001)])]);
        let memory = Memory::of(&entries);
        assert_eq!(kinds(&memory.recall(&truth, &[])), ["differs", "paid"]);
        // One coin of each lie: the two records together are no record of these amounts.
        let halves = [
            claiming(1, &[(1, 9_000), (2, 10_000)], &[(1, 5_000)]),
            claiming(1, &[(1, 10_000), (2, 9_000)], &[(1, 5_000)]),
            claiming(4, &[(1, 10_000), (5, 10_000)], &[(7, 5_000)]),
        ];
        let entries = signed(&halves);
        let truth = claiming(1, &[(1, 10_000), (2, 10_000)], &[(1, 5_000)]);
        assert_eq!(
            kinds(&Memory::of(&entries).recall(&truth, &[])),
            ["differs", "coin"]
        );
        let entries = signed(&[lie, claiming(1, &[(1, 10_000)], &[(1, 5_000)])]);
        let recalled =
            Memory::of(&entries).recall(&claiming(1, &[(1, 10_000)], &[(1, 5_000)]), &[]);
        assert_eq!(
            kinds(&recalled),
            ["differs", "signed"],
            "these very amounts are out"
        );
    }

    /// A transaction of which the journal proves that it can never confirm claims no coin, pays
    /// nobody, and names no payee.
    #[test]
    fn what_is_proven_worthless_is_no_history() {
        let lie = claiming(1, &[(1, 9_000), (2, 10_000)], &[(1, 5_000)]);
        let proof = transaction(2, &[1], &[(3, 1)]);
        let entries = signed(&[lie.clone(), proof.clone()]);
        let memory = Memory::of(&entries);
        let without = claiming(3, &[(2, 10_000)], &[(2, 7_000)]);
        assert_eq!(kinds(&memory.recall(&without, &[])), [""; 0]);
        let paying = transaction(4, &[4], &[(1, 5_000)]);
        assert_eq!(kinds(&memory.recall(&paying, &[])), [""; 0]);
        let payees = |memory: &Memory<'_>| -> Vec<Vec<u8>> {
            memory.payees().map(|script| script.to_bytes()).collect()
        };
        assert_eq!(payees(&memory), [vec![3]]);
        // It was signed with the truth too.
        let truth = claiming(1, &[(1, 10_000), (2, 10_000)], &[(1, 5_000)]);
        let entries = signed(&[lie, proof, truth]);
        let memory = Memory::of(&entries);
        assert_eq!(kinds(&memory.recall(&without, &[])), ["coin"]);
        assert_eq!(kinds(&memory.recall(&paying, &[])), ["paid"]);
        assert_eq!(payees(&memory), [vec![1], vec![3]]);
    }

    #[test]
    fn payees_are_told_once_and_the_earliest_first() {
        let entries = signed(&[
            transaction(1, &[1], &[(9, 5), (4, 5)]),
            transaction(2, &[2], &[(1, 5), (9, 6)]),
        ]);
        let memory = Memory::of(&entries);
        let payees: Vec<Vec<u8>> = memory.payees().map(|script| script.to_bytes()).collect();
        assert_eq!(payees, [vec![9], vec![4], vec![1]]);
    }

    #[test]
    fn places_are_those_of_the_script_or_else_of_far_inputs() {
        let mut far = transaction(4, &[1, 2], &[(1, 5)]);
        far.inputs[1].place = Some(Place {
            branch: 1,
            index: 70_000,
        });
        let entries = signed(&[far]);
        let memory = Memory::of(&entries);
        let places = |script: &[u8], wallet, from| {
            let places = memory.places(wallet, bitcoin::Script::from_bytes(script), from);
            let places = places.into_iter().map(|place| (place.branch, place.index));
            places.collect::<Vec<_>>()
        };
        assert_eq!(places(&[0xcc, 4], WALLET, 0), [(1, 4)]);
        assert_eq!(places(&[0xdd], WALLET, 10_000), [(1, 70_000)]);
        assert_eq!(places(&[0xdd], WALLET, 0), [(0, 900), (1, 70_000)]);
        assert_eq!(places(&[0xcc, 4], [6; 32], 0), []);
    }

    #[test]
    fn refused_transactions_leave_no_claim_on_their_coins() {
        let mut entries = signed(&[transaction(1, &[1], &[(1, 5)])]);
        entries[0].event = Event::Refused(transaction(1, &[1], &[(1, 5)]), vec!["x".into()]);
        let recalled = Memory::of(&entries).recall(&transaction(2, &[1], &[(2, 5)]), &[]);
        assert_eq!(recalled, []);
    }
}
