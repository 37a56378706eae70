//! The memory pool, with the few policies that a payout should meet before it meets a real node: a
//! minimum fee rate, no dust, a standard size, and replacement by higher fees (as BIP125's rules 3,
//! 4 and 5, whether signalled or not).

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, OutPoint, Transaction, Txid};

use super::db::{self, PoolEntry};
use super::rules::{self, Broken, Coin, Place};
use super::{chain, scripts};
use crate::chain::{ChainError, Sent};
use crate::store::Connection;

/// The lowest fee rate that is relayed.
pub const MIN_RELAY_SAT_PER_KVB: u64 = 1_000;
/// The most weight of a transaction that is relayed.
const MAX_STANDARD_WEIGHT: u64 = 400_000;
/// The most signature operations of a transaction that is relayed, weighted.
const MAX_STANDARD_SIGOP_COST: usize = rules::MAX_SIGOP_COST / 5;
/// The most transactions that one may replace.
const MAX_REPLACED: usize = 100;

/// Takes a transaction into the memory pool, or says by which rule not ([`ChainError::Rejected`]).
pub async fn accept(db: &mut Connection, transaction: &Transaction) -> Result<Sent, ChainError> {
    let txid = transaction.compute_txid();
    let pool = db::pool(db).await?;
    if pool.iter().any(|entry| entry.txid == txid) || db::is_mined(db, txid).await? {
        return Ok(Sent::AlreadyKnown);
    }
    rules::check_alone(transaction)?;
    check_policy_alone(transaction)?;

    let place = next_place(db).await?;
    let conflicts = conflicts(&pool, transaction);
    let mut unconfirmed = HashMap::new();
    for entry in pool.iter().filter(|entry| !conflicts.contains(&entry.txid)) {
        chain::add_outputs(&mut unconfirmed, &entry.transaction, place);
    }
    let coins = spent_coins(db, &unconfirmed, transaction).await?;
    let fee = rules::check_spends(transaction, &coins, place)?;
    if fee < min_fee(transaction) {
        return reject("min relay fee not met");
    }
    let sigop_cost = chain::sigop_cost(transaction, &coins);
    if sigop_cost > MAX_STANDARD_SIGOP_COST {
        return reject("bad-txns-too-many-sigops");
    }
    check_replacement(&pool, &conflicts, transaction, fee)?;
    scripts::check(transaction, &coins)?;

    for conflict in &conflicts {
        db::remove_pool(db, *conflict).await?;
    }
    let entry = PoolEntry {
        txid,
        transaction: transaction.clone(),
        fee,
        sigop_cost: sigop_cost as u32,
    };
    db::insert_pool(db, &entry).await?;
    Ok(Sent::Accepted)
}

/// Offers the transactions of undone blocks to the memory pool again, before those that are in it.
pub async fn refill(db: &mut Connection, undone: Vec<Transaction>) -> Result<(), ChainError> {
    let pool = db::pool(db).await?;
    for entry in &pool {
        db::remove_pool(db, entry.txid).await?;
    }
    for transaction in undone
        .iter()
        .chain(pool.iter().map(|entry| &entry.transaction))
    {
        match accept(db, transaction).await {
            Ok(_) | Err(ChainError::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Drops what the last block mined or made impossible.
pub async fn revalidate(db: &mut Connection) -> Result<(), ChainError> {
    refill(db, Vec::new()).await
}

/// Returns where a transaction of the memory pool would stand next.
pub(super) async fn next_place(db: &mut Connection) -> Result<Place, ChainError> {
    let tip = db::tip(db).await?;
    Ok(Place {
        height: tip.height + 1,
        median_time_before: tip.median_time,
    })
}

async fn spent_coins(
    db: &mut Connection,
    unconfirmed: &HashMap<OutPoint, Coin>,
    transaction: &Transaction,
) -> Result<Vec<Coin>, ChainError> {
    let mut coins = Vec::with_capacity(transaction.input.len());
    for input in &transaction.input {
        let outpoint = input.previous_output;
        let coin = match unconfirmed.get(&outpoint) {
            Some(coin) => Some(coin.clone()),
            None => db::coin(db, outpoint).await?,
        };
        coins.push(coin.ok_or_else(|| Broken("bad-txns-inputs-missingorspent".into()))?);
    }
    Ok(coins)
}

fn check_policy_alone(transaction: &Transaction) -> Result<(), ChainError> {
    if transaction.is_coinbase() {
        return reject("coinbase");
    }
    if transaction.weight().to_wu() > MAX_STANDARD_WEIGHT {
        return reject("tx-size");
    }
    let dust = |output: &bitcoin::TxOut| output.value < output.script_pubkey.minimal_non_dust();
    if transaction
        .output
        .iter()
        .any(|output| !output.script_pubkey.is_op_return() && dust(output))
    {
        return reject("dust");
    }
    Ok(())
}

/// Returns the transactions that spend a coin of this one, with all that descend from them.
fn conflicts(pool: &[PoolEntry], transaction: &Transaction) -> HashSet<Txid> {
    let wanted: HashSet<OutPoint> = transaction
        .input
        .iter()
        .map(|input| input.previous_output)
        .collect();
    let mut found: HashSet<Txid> = HashSet::new();
    // Parents arrive before their children.
    for entry in pool {
        let mut inputs = entry
            .transaction
            .input
            .iter()
            .map(|input| input.previous_output);
        if inputs.any(|outpoint| wanted.contains(&outpoint) || found.contains(&outpoint.txid)) {
            found.insert(entry.txid);
        }
    }
    found
}

fn check_replacement(
    pool: &[PoolEntry],
    conflicts: &HashSet<Txid>,
    transaction: &Transaction,
    fee: Amount,
) -> Result<(), ChainError> {
    if conflicts.is_empty() {
        return Ok(());
    }
    if conflicts.len() > MAX_REPLACED {
        return reject("too many potential replacements");
    }
    let mut replaced_fees = Amount::ZERO;
    for entry in pool.iter().filter(|entry| conflicts.contains(&entry.txid)) {
        // Spending an output of what one replaces.
        if transaction
            .input
            .iter()
            .any(|input| input.previous_output.txid == entry.txid)
        {
            return reject("bad-txns-spends-conflicting-tx");
        }
        let (weight, replaced) = (
            transaction.weight().to_wu(),
            entry.transaction.weight().to_wu(),
        );
        if u128::from(fee.to_sat()) * u128::from(replaced)
            <= u128::from(entry.fee.to_sat()) * u128::from(weight)
        {
            return reject("insufficient fee");
        }
        replaced_fees += entry.fee;
    }
    match replaced_fees.checked_add(min_fee(transaction)) {
        Some(needed) if fee >= needed => Ok(()),
        _ => reject("insufficient fee"),
    }
}

fn min_fee(transaction: &Transaction) -> Amount {
    Amount::from_sat((transaction.vsize() as u64 * MIN_RELAY_SAT_PER_KVB).div_ceil(1_000))
}

fn reject<T>(reason: &str) -> Result<T, ChainError> {
    Err(ChainError::Rejected(reason.into()))
}
