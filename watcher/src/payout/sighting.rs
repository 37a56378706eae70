//! Transactions that blocks and the memory pool show: which of our payouts they are.
//!
//! A ledger can be a copy of another one, or restored. What it thinks was never handed over may be
//! signed elsewhere; the transaction itself, once it is seen, or another one that makes its
//! payments out of its coins, overrides that. The caller has proven that it spends the coins.

use std::collections::HashMap;

use bitcoin::{OutPoint, Transaction, TxOut};

use crate::store::payouts::{self, PayoutTxNo, Progress};
use crate::store::{Connection, StoreError};

use super::import::without_signatures;

/// A transaction that spends coins of ours.
#[derive(Debug)]
pub struct Spender<'a> {
    /// The transaction, signed.
    pub transaction: &'a Transaction,
    /// The coins of ours that it spends.
    pub spends: Vec<OutPoint>,
    /// Its outputs that are ours.
    pub own_outputs: Vec<u32>,
}

/// Notes what transactions that were seen are: one of ours, signed; one that makes the payments of
/// one of ours out of its coins; or none, and then whom it pays.
pub async fn note(db: &mut Connection, spenders: &[Spender<'_>]) -> Result<(), StoreError> {
    let coins: Vec<OutPoint> = spenders
        .iter()
        .flat_map(|spender| spender.spends.iter().copied())
        .collect();
    let mut planned: HashMap<OutPoint, Vec<PayoutTxNo>> = HashMap::new();
    for (coin, no) in payouts::planned_for(db, &coins).await? {
        planned.entry(coin).or_default().push(no);
    }
    let mut outgoing: Vec<(OutPoint, &TxOut)> = Vec::new();
    for spender in spenders {
        let of_coin = |coin: &OutPoint| planned.get(coin).cloned().unwrap_or_default();
        let mut candidates: Vec<PayoutTxNo> = spender.spends.iter().flat_map(of_coin).collect();
        candidates.sort_unstable();
        candidates.dedup();
        if !is_ours(db, spender, &candidates).await? {
            outgoing.extend(paid_to_others(spender));
        }
    }
    payouts::note_outgoing(db, &outgoing).await
}

/// Notes which of the candidates a transaction is; returns whether it is one of ours to the last
/// byte but for its signatures.
async fn is_ours(
    db: &mut Connection,
    spender: &Spender<'_>,
    candidates: &[PayoutTxNo],
) -> Result<bool, StoreError> {
    if candidates.is_empty() {
        return Ok(false);
    }
    let txid = spender.transaction.compute_txid();
    let unsigned = without_signatures(spender.transaction);
    let mut ours = false;
    for no in candidates {
        if payouts::unsigned(db, *no).await? == unsigned {
            payouts::note_sighting(db, *no, txid).await?;
            payouts::note_elsewhere(db, *no).await?;
            ours = true;
        }
    }
    if ours {
        return Ok(true);
    }
    for no in candidates {
        // What was handed over has signatures of its own; to it, another transaction is a stranger.
        if payouts::by_tx_no(db, *no).await?.progress > Progress::Planned {
            continue;
        }
        let payments = payouts::paid_by(db, *no).await?;
        match paid(&payments, spender.transaction) {
            0 => continue,
            all if all == payments.len() => payouts::note_sighting(db, *no, txid).await?,
            _ => {}
        }
        payouts::note_elsewhere(db, *no).await?;
    }
    Ok(false)
}

/// Returns how many of the payments a transaction makes, each by an output of its own.
fn paid(payments: &[TxOut], transaction: &Transaction) -> usize {
    let mut left: HashMap<&TxOut, usize> = HashMap::new();
    for output in &transaction.output {
        *left.entry(output).or_default() += 1;
    }
    let mut paid = 0;
    for payment in payments {
        if let Some(count) = left.get_mut(payment).filter(|count| **count > 0) {
            *count -= 1;
            paid += 1;
        }
    }
    paid
}

fn paid_to_others<'a>(spender: &'a Spender<'a>) -> impl Iterator<Item = (OutPoint, &'a TxOut)> {
    let txid = spender.transaction.compute_txid();
    let outputs = (0..).zip(&spender.transaction.output);
    outputs
        .filter(|(vout, output)| output.value.to_sat() > 0 && !spender.own_outputs.contains(vout))
        .map(move |(vout, output)| (OutPoint { txid, vout }, output))
}
