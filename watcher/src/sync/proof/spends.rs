//! Signatures of spends of our coins, by Bitcoin Core's consensus code.
//!
//! A spend that is not signed was not made by us, whoever tells of it. Taproot's signatures cover
//! every spent output of the transaction (BIP341), those of others too. Of a block, they are taken
//! from earlier transactions of it; where others are spent, such an input is believed on the
//! block's proof of work. Of the memory pool, they are asked for, and what cannot be proven is not
//! believed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bitcoin::{Block, OutPoint, Transaction, TxOut, Txid};
use cofferdam_core::Network;

use super::ProofError;
use crate::chain::scripts::{self, BrokenScript, Flags, Proven};
use crate::chain::{ChainError, Relay};
use crate::store::StoreError;
use crate::sync::SyncError;
use crate::sync::scan::{BlockEffects, Spend};
use crate::sync::watch::Watch;

/// Previous transactions of others that are asked for, for one transaction of the memory pool.
const MOST_PREVIOUS: usize = 500;

/// Checks every spend of a coin of ours in a block, and returns how far all of them are proven.
pub fn check_block(
    watch: &Watch,
    network: Network,
    block: &Block,
    effects: &BlockEffects,
) -> Result<Proven, SyncError> {
    let mut proven = Proven::Fully;
    let mut spent_here = HashSet::new();
    let mut places: Option<HashMap<Txid, usize>> = None;
    for (position, spends) in effects.spends() {
        let Some(transaction) = block.txdata.get(position) else {
            continue;
        };
        let txid = || transaction.compute_txid();
        if !spends.iter().all(|spend| spent_here.insert(spend.outpoint)) {
            let (block, txid) = (block.block_hash(), txid());
            return Err(ProofError::DoubleSpend { block, txid }.into());
        }
        let mut known = of_ours(watch, spends)?;
        if known.len() < transaction.input.len() && known.values().any(is_taproot) {
            let places = places.get_or_insert_with(|| {
                let txids = block.txdata.iter().map(Transaction::compute_txid);
                txids.zip(0..).collect()
            });
            for (input, outpoint) in others(transaction, &known) {
                let made = places
                    .get(&outpoint.txid)
                    .filter(|place| **place < position)
                    .and_then(|place| block.txdata.get(*place)?.output.get(outpoint.vout as usize));
                known.extend(made.map(|output| (input, output.clone())));
            }
        }
        let flags = Flags::at(network, effects.height);
        match check(transaction, spends, &known, flags) {
            Ok(Proven::Fully) => {}
            Ok(Proven::ButTaproot) => proven = Proven::ButTaproot,
            Err(broken) => {
                return Err(ProofError::BrokenSpend {
                    block: block.block_hash(),
                    txid: txid(),
                    broken,
                }
                .into());
            }
        }
    }
    Ok(proven)
}

/// Tells whether every spend of a coin of ours by a transaction of the memory pool is proven.
pub async fn is_proven(
    watch: &Watch,
    source: &dyn Relay,
    transaction: &Transaction,
    spends: &[Spend],
) -> Result<bool, SyncError> {
    let mut known = of_ours(watch, spends)?;
    let mut inputs: BTreeSet<usize> = spends.iter().map(|spend| spend.input).collect();
    if inputs.len() != spends.len() {
        return Ok(false);
    }
    // Those of ours that need no others are refused first: they cost no question.
    inputs.retain(|input| !known.get(input).is_some_and(is_taproot));
    let alone = |spend: &&Spend| inputs.contains(&spend.input);
    let alone: Vec<Spend> = spends.iter().filter(alone).copied().collect();
    let has_taproot = alone.len() < spends.len();
    if has_taproot && known.len() < transaction.input.len() {
        if check(transaction, &alone, &known, Flags::ALL).is_err() {
            return Ok(false);
        }
        known.extend(outputs_of_others(source, transaction, &known).await?);
    }
    Ok(check(transaction, spends, &known, Flags::ALL) == Ok(Proven::Fully))
}

fn check(
    transaction: &Transaction,
    spends: &[Spend],
    known: &BTreeMap<usize, TxOut>,
    flags: Flags,
) -> Result<Proven, BrokenScript> {
    let spent: Vec<Option<&TxOut>> = (0..transaction.input.len())
        .map(|input| known.get(&input))
        .collect();
    scripts::check(
        transaction,
        &spent,
        spends.iter().map(|spend| spend.input),
        flags,
    )
}

/// Returns the outputs that spends of ours spend, by input.
fn of_ours(watch: &Watch, spends: &[Spend]) -> Result<BTreeMap<usize, TxOut>, StoreError> {
    let output = |spend: &Spend| Ok((spend.input, watch.output(spend.coin)?));
    spends.iter().map(output).collect()
}

/// Returns what the inputs spend whose output is not known.
fn others<'a>(
    transaction: &'a Transaction,
    known: &BTreeMap<usize, TxOut>,
) -> Vec<(usize, &'a OutPoint)> {
    let inputs = transaction.input.iter().enumerate();
    let unknown = inputs.filter(|(input, _)| !known.contains_key(input));
    unknown
        .map(|(input, of)| (input, &of.previous_output))
        .collect()
}

/// Asks for the outputs that others spend; each is proven by the txid of its transaction.
async fn outputs_of_others(
    source: &dyn Relay,
    transaction: &Transaction,
    known: &BTreeMap<usize, TxOut>,
) -> Result<Vec<(usize, TxOut)>, ChainError> {
    let others = others(transaction, known);
    let txids: BTreeSet<Txid> = others.iter().map(|(_, outpoint)| outpoint.txid).collect();
    if txids.len() > MOST_PREVIOUS {
        return Ok(Vec::new());
    }
    let txids: Vec<Txid> = txids.into_iter().collect();
    let answers = source.pool_transactions(&txids).await?;
    let found: HashMap<Txid, Transaction> = answers
        .into_iter()
        .flatten()
        .map(|transaction| (transaction.compute_txid(), transaction))
        .collect();
    let output = |(input, outpoint): (usize, &OutPoint)| {
        let output = found
            .get(&outpoint.txid)?
            .output
            .get(outpoint.vout as usize)?;
        Some((input, output.clone()))
    };
    Ok(others.into_iter().filter_map(output).collect())
}

fn is_taproot(output: &TxOut) -> bool {
    output.script_pubkey.is_p2tr()
}
