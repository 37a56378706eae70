//! Journals for the tests of the rules.

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;

use crate::journal::entry::{
    Class, Entry, Event, InputRecord, OutputRecord, Place, Proof, TransactionRecord,
};

/// The wallet of every transaction.
pub(super) const WALLET: [u8; 32] = [5; 32];

/// A transaction by its id, the numbers of its coins, and its payments: script and amount.
pub(super) fn transaction(id: u8, coins: &[u8], payments: &[(u8, u64)]) -> TransactionRecord {
    let payment = |(script, amount_sat): &(u8, u64)| OutputRecord {
        script: vec![*script],
        amount_sat: *amount_sat,
        class: Class::Payment,
        place: None,
    };
    let mut outputs: Vec<OutputRecord> = payments.iter().map(payment).collect();
    outputs.push(OutputRecord {
        script: vec![0xcc, id],
        amount_sat: 1_000 + u64::from(id),
        class: Class::Change,
        place: Some(Place {
            branch: 1,
            index: id.into(),
        }),
    });
    let input = |coin: &u8| InputRecord {
        txid: [*coin; 32],
        vout: 0,
        amount_sat: Some(10_000),
        proof: Proof::PreviousTransaction,
        place: Some(Place {
            branch: 0,
            index: 900,
        }),
    };
    TransactionRecord {
        txid: [id; 32],
        wallet_id: Some(WALLET),
        inputs: coins.iter().map(input).collect(),
        outputs,
        fee_sat: Some(100),
        manifest: None,
        payout_ids: vec![],
        review: [0; 32],
        accepted: vec![],
        supersedes: vec![],
    }
}

/// A journal in which these were signed, at times that count up.
pub(super) fn signed(transactions: &[TransactionRecord]) -> Vec<Entry> {
    let entry = |(time, transaction): (usize, &TransactionRecord)| Entry {
        time: time as u64,
        generation: 1,
        unfit: vec![],
        event: Event::Signed(transaction.clone()),
    };
    transactions.iter().enumerate().map(entry).collect()
}

/// The txid of a transaction or of a coin.
pub(super) fn txid(id: u8) -> Txid {
    Txid::from_byte_array([id; 32])
}
