//! What the memory pool does to our coins.

use std::collections::{HashMap, HashSet};

use bitcoin::{OutPoint, Transaction, Txid};

use super::SyncError;
use super::checks::{Checks, Rule};
use super::proof::{ProofError, spends};
use super::scan::Spend;
use super::supply::amounts_are_possible;
use super::watch::{OwnCoin, Watch};
use crate::addresses;
use crate::chain::Relay;
use crate::payout::sighting::{self, Spender};
use crate::store::pool::PoolCoin;
use crate::store::{Connection, Store, StoreError, pool, wallets};

/// Transactions read at once.
const AT_ONCE: usize = 1_000;
/// More transactions than a memory pool of Bitcoin Core's default size (300 MB) ever held.
const MOST_TRANSACTIONS: usize = 500_000;

/// What has changed in the memory pool since the last sync.
#[derive(Debug, Default)]
pub struct PoolChange {
    gone: Vec<Txid>,
    gone_unrelated: Vec<Txid>,
    unrelated: Vec<Txid>,
    ours: Vec<PoolTransaction>,
    kept: usize,
    /// Those that are not believed. The next sync reads them again: the same txid may come with its
    /// signatures.
    unproven: usize,
}

#[derive(Debug)]
struct PoolTransaction {
    txid: Txid,
    makes: Vec<PoolCoin>,
    spends: Vec<OutPoint>,
    transaction: Transaction,
}

/// A transaction that was read, and may turn out to be ours.
struct Read {
    transaction: Transaction,
    txid: Txid,
    makes: Vec<PoolCoin>,
}

/// Reads the memory pool: only transactions that were not there at the last sync are fetched.
///
/// An output is found when its index is watched already; one beyond the gap is found when it is
/// mined.
pub async fn refresh(
    store: &Store,
    source: &dyn Relay,
    watch: &Watch,
    checks: Checks,
) -> Result<PoolChange, SyncError> {
    // Read before the memory pool is: what a broadcast adds between the two is not taken for gone.
    let mut view = store.read().await?;
    let known = pool::transactions(&mut view).await?;
    let unrelated = pool::unrelated(&mut view).await?;
    let known_coins = pool::coins(&mut view).await?;
    drop(view);

    let now: HashSet<Txid> = source.pool().await?.into_iter().collect();
    if checks.has(Rule::Bounds) && now.len() > MOST_TRANSACTIONS {
        return Err(too_many(now.len()).into());
    }
    let new: Vec<Txid> = now
        .iter()
        .filter(|txid| !known.contains(*txid) && !unrelated.contains(*txid))
        .copied()
        .collect();
    let mut change = PoolChange {
        gone: known.difference(&now).copied().collect(),
        gone_unrelated: unrelated.difference(&now).copied().collect(),
        kept: known.intersection(&now).count(),
        ..PoolChange::default()
    };

    let mut read: Vec<Read> = Vec::new();
    // Of those that are none of ours as far as is known, only what they spend is kept.
    let mut others: Vec<(Txid, Vec<OutPoint>)> = Vec::new();
    let mut coins: HashMap<OutPoint, OwnCoin> = known_coins.iter().map(own_coin).collect();
    for part in new.chunks(AT_ONCE) {
        // Those that left meanwhile are neither ours nor unrelated: the next sync looks again.
        for transaction in source.pool_transactions(part).await?.into_iter().flatten() {
            let txid = transaction.compute_txid();
            if checks.has(Rule::Amounts) && !amounts_are_possible(&transaction) {
                return Err(ProofError::TooMuchMoney(format!("transaction {txid}")).into());
            }
            let makes = outputs_to_us(watch, &transaction, txid);
            coins.extend(makes.iter().map(own_coin));
            if makes.is_empty() && spends_of_ours(watch, &coins, &transaction).is_empty() {
                let spent = transaction.input.iter().map(|input| input.previous_output);
                others.push((txid, spent.collect()));
                continue;
            }
            read.push(Read {
                transaction,
                txid,
                makes,
            });
        }
    }
    // A child may have been read before its parent, so spends are looked for again when all coins
    // are known.
    let is_child =
        |spent: &Vec<OutPoint>| spent.iter().any(|outpoint| coins.contains_key(outpoint));
    let (children, unrelated): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, spent)| is_child(spent));
    change.unrelated = unrelated.into_iter().map(|(txid, _)| txid).collect();
    let children: Vec<Txid> = children.into_iter().map(|(txid, _)| txid).collect();
    for part in children.chunks(AT_ONCE) {
        for transaction in source.pool_transactions(part).await?.into_iter().flatten() {
            read.push(Read {
                txid: transaction.compute_txid(),
                transaction,
                makes: Vec::new(),
            });
        }
    }

    let mut unproven: HashSet<Txid> = HashSet::new();
    let mut found: Vec<PoolTransaction> = Vec::with_capacity(read.len());
    for Read {
        transaction,
        txid,
        makes,
    } in read
    {
        let spends = spends_of_ours(watch, &coins, &transaction);
        let is_proven = spends.is_empty()
            || !checks.has(Rule::PoolSpends)
            || spends::is_proven(watch, source, &transaction, &spends).await?;
        if !is_proven {
            unproven.insert(txid);
        }
        found.push(PoolTransaction {
            txid,
            makes,
            spends: spends.into_iter().map(|spend| spend.outpoint).collect(),
            transaction,
        });
    }
    add_descendants(&found, &mut unproven);
    change.unproven = unproven.len();
    found.retain(|transaction| !unproven.contains(&transaction.txid));
    change.ours = found;
    Ok(change)
}

fn too_many(found: usize) -> ProofError {
    ProofError::TooMany {
        what: "transactions in a memory pool",
        found,
        limit: MOST_TRANSACTIONS,
    }
}

fn own_coin(coin: &PoolCoin) -> (OutPoint, OwnCoin) {
    let PoolCoin {
        outpoint,
        owner,
        amount,
    } = coin.clone();
    (outpoint, OwnCoin { owner, amount })
}

fn outputs_to_us(watch: &Watch, transaction: &Transaction, txid: Txid) -> Vec<PoolCoin> {
    let outputs = transaction.output.iter().zip(0..);
    outputs
        .filter_map(|(output, vout)| {
            let owner = watch.owner(&output.script_pubkey)?;
            Some(PoolCoin {
                outpoint: OutPoint { txid, vout },
                owner,
                amount: output.value,
            })
        })
        .collect()
}

fn spends_of_ours(
    watch: &Watch,
    coins: &HashMap<OutPoint, OwnCoin>,
    transaction: &Transaction,
) -> Vec<Spend> {
    let inputs = transaction.input.iter().enumerate();
    inputs
        .filter_map(|(input, spending)| {
            let outpoint = spending.previous_output;
            let coin = watch
                .coin(&outpoint)
                .or_else(|| coins.get(&outpoint).copied())?;
            Some(Spend {
                input,
                outpoint,
                coin,
            })
        })
        .collect()
}

/// Adds those that spend what an unproven one makes: without it, they cannot be.
fn add_descendants(found: &[PoolTransaction], unproven: &mut HashSet<Txid>) {
    let mut children: HashMap<Txid, Vec<Txid>> = HashMap::new();
    for transaction in found {
        for spent in &transaction.spends {
            children
                .entry(spent.txid)
                .or_default()
                .push(transaction.txid);
        }
    }
    let mut left: Vec<Txid> = unproven.iter().copied().collect();
    while let Some(parent) = left.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            if unproven.insert(child) {
                left.push(child);
            }
        }
    }
}

impl PoolChange {
    /// Writes the change, and returns the number of transactions of ours that the memory pool
    /// holds, and of those that are not believed.
    pub async fn write(self, db: &mut Connection) -> Result<(u32, u32), StoreError> {
        for txid in &self.gone {
            pool::remove(db, *txid).await?;
        }
        for transaction in &self.ours {
            insert(db, transaction).await?;
        }
        let spending = self.ours.iter().filter(|found| !found.spends.is_empty());
        let spenders: Vec<Spender<'_>> = spending
            .map(|found| Spender {
                transaction: &found.transaction,
                spends: found.spends.clone(),
                own_outputs: found.makes.iter().map(|coin| coin.outpoint.vout).collect(),
            })
            .collect();
        sighting::note(db, &spenders).await?;
        pool::remove_unrelated(db, &self.gone_unrelated).await?;
        pool::insert_unrelated(db, &self.unrelated).await?;
        Ok(((self.kept + self.ours.len()) as u32, self.unproven as u32))
    }
}

async fn insert(db: &mut Connection, transaction: &PoolTransaction) -> Result<(), StoreError> {
    pool::insert(
        db,
        transaction.txid,
        &transaction.makes,
        &transaction.spends,
    )
    .await?;
    for coin in &transaction.makes {
        let record = wallets::by_no(db, coin.owner.wallet_no).await?;
        addresses::note_used(db, &record, coin.owner.branch, coin.owner.index).await?;
    }
    Ok(())
}
