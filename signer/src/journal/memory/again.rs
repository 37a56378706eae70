//! What a fee bump is, and what only looks like one.

use std::collections::HashSet;

use bitcoin::{Amount, OutPoint, ScriptBuf};

use crate::journal::entry::TransactionRecord;

/// Returns the txids of those among the earlier transactions that the later one may replace as
/// their fee bump.
///
/// Each has the later one's wallet and payments (all outputs but change, as a multiset of script
/// and amount), so that change pays for the fee and nobody else does; and every coin of it is spent
/// again. All of them share a coin, for else two of them could have confirmed, and one payment in
/// the place of two equal ones would be no replacement.
pub(super) fn bumped<'a>(
    earlier: impl Iterator<Item = &'a TransactionRecord>,
    later: &TransactionRecord,
) -> HashSet<[u8; 32]> {
    let spent = coins(later);
    let paid = payments(later);
    let alike: Vec<&TransactionRecord> = earlier
        .filter(|earlier| earlier.wallet_id == later.wallet_id)
        .filter(|earlier| {
            earlier
                .inputs
                .iter()
                .all(|input| spent.contains(&input.outpoint()))
        })
        .filter(|earlier| payments(earlier) == paid)
        .collect();
    let mut shared = spent;
    for earlier in &alike {
        let coins = coins(earlier);
        shared.retain(|coin| coins.contains(coin));
    }
    match shared.is_empty() {
        true => HashSet::new(),
        false => alike.iter().map(|earlier| earlier.txid).collect(),
    }
}

fn coins(transaction: &TransactionRecord) -> HashSet<OutPoint> {
    transaction
        .inputs
        .iter()
        .map(|input| input.outpoint())
        .collect()
}

/// Everything but change: transfers to ourselves and data are payments, too, for they were meant.
fn payments(transaction: &TransactionRecord) -> Vec<(ScriptBuf, Amount)> {
    let outputs = transaction.outputs.iter();
    let mut payments: Vec<_> = outputs
        .filter(|output| output.is_payment())
        .map(|output| output.payment())
        .collect();
    payments.sort_unstable();
    payments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::{Class, OutputRecord, Place};
    use crate::journal::memory::testing::{signed, transaction, txid};
    use crate::journal::{Memory, Remembered};

    /// Two payees get 500 and 700 out of two coins of 10,000; 8,800 come back.
    fn original() -> TransactionRecord {
        let mut original = transaction(1, &[1, 2], &[(1, 500), (2, 700)]);
        original.outputs[2].amount_sat = 18_700;
        original
    }

    fn recalled(candidate: &TransactionRecord, supersedes: &[bitcoin::Txid]) -> Vec<Remembered> {
        Memory::of(&signed(&[original()])).recall(candidate, supersedes)
    }

    /// Asserts that an edit of the original is no fee bump, and is let through by `--supersede`
    /// only.
    #[track_caller]
    fn refuse(name: &str, edit: impl FnOnce(&mut TransactionRecord)) {
        let mut candidate = original();
        candidate.txid = [2; 32];
        edit(&mut candidate);
        let found = recalled(&candidate, &[]);
        assert!(
            matches!(found[..], [Remembered::CoinSigned { .. }]),
            "{name}: {found:?}"
        );
        let found = recalled(&candidate, &[txid(1)]);
        assert!(
            matches!(found[..], [Remembered::Supersedes { .. }]),
            "{name}: {found:?}"
        );
        let found = recalled(&candidate, &[txid(9)]);
        assert!(
            matches!(found[..], [Remembered::CoinSigned { .. }]),
            "{name}: {found:?}"
        );
    }

    fn own() -> Option<Place> {
        Some(Place {
            branch: 0,
            index: 3,
        })
    }

    #[test]
    fn hostile_bumps_are_none() {
        refuse("change that grows at the cost of a payment", |bump| {
            bump.outputs[0].amount_sat -= 100;
            bump.outputs[2].amount_sat += 100;
        });
        refuse("an output more", |bump| {
            let more = OutputRecord {
                script: vec![9],
                amount_sat: 1,
                class: Class::Payment,
                place: None,
            };
            bump.outputs.push(more);
        });
        refuse("data more", |bump| {
            let more = OutputRecord {
                script: vec![0x6a],
                amount_sat: 0,
                class: Class::Data,
                place: None,
            };
            bump.outputs.push(more);
        });
        refuse("a payment less", |bump| {
            bump.outputs.remove(0);
        });
        refuse("a payment doubled", |bump| {
            let doubled = bump.outputs[0].clone();
            bump.outputs.push(doubled);
        });
        refuse("a coin less", |bump| {
            bump.inputs.pop();
        });
        refuse("a coin in another's place", |bump| {
            bump.inputs[1].txid = [7; 32];
        });
        refuse("another payee, the same amount", |bump| {
            bump.outputs[0].script = vec![9];
        });
        refuse("a payment that comes to ourselves", |bump| {
            (bump.outputs[0].script, bump.outputs[0].place) = (vec![9], own());
            bump.outputs[0].class = Class::Own;
        });
        refuse("a payment that becomes change", |bump| {
            (bump.outputs[0].script, bump.outputs[0].place) = (vec![9], own());
            bump.outputs[0].class = Class::Change;
        });
        refuse("amounts of two payees exchanged", |bump| {
            bump.outputs[0].amount_sat = 700;
            bump.outputs[1].amount_sat = 500;
        });
        refuse("another wallet", |bump| {
            bump.wallet_id = Some([6; 32]);
        });
        refuse("the payee's script with a byte more", |bump| {
            bump.outputs[0].script.push(0);
        });
    }

    #[test]
    fn change_pays_for_the_fee() {
        let mut bump = original();
        bump.txid = [2; 32];
        for (name, change) in [("less", Some(8_000)), ("none", None)] {
            match change {
                Some(change) => bump.outputs[2].amount_sat = change,
                None => drop(bump.outputs.pop()),
            }
            let found = recalled(&bump, &[]);
            assert!(
                matches!(found[..], [Remembered::FeeBump { .. }]),
                "{name}: {found:?}"
            );
        }
    }

    /// Two equal payments were owed, and accepted; one over both coins is not both of them.
    #[test]
    fn two_payments_are_not_replaced_by_one() {
        let entries = signed(&[
            transaction(1, &[1], &[(1, 5)]),
            transaction(2, &[2], &[(1, 5)]),
        ]);
        let memory = Memory::of(&entries);
        let merged = transaction(3, &[1, 2], &[(1, 5)]);
        let found = memory.recall(&merged, &[]);
        assert!(
            matches!(
                found[..],
                [Remembered::CoinSigned { .. }, Remembered::CoinSigned { .. }]
            ),
            "{found:?}"
        );
        // A chain of bumps shares its first coin.
        let chain = signed(&[
            transaction(1, &[1], &[(1, 5)]),
            transaction(2, &[1, 2], &[(1, 5)]),
        ]);
        let found = Memory::of(&chain).recall(&transaction(3, &[1, 2, 3], &[(1, 5)]), &[]);
        assert!(
            matches!(
                found[..],
                [Remembered::FeeBump { .. }, Remembered::FeeBump { .. }]
            ),
            "{found:?}"
        );
    }
}
