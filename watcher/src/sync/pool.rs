//! What the memory pool does to our coins.

use std::collections::HashSet;

use bitcoin::{OutPoint, Transaction, Txid};

use super::SyncError;
use super::scan::amounts_are_possible;
use super::watch::Watch;
use crate::addresses;
use crate::chain::{ChainError, ChainSource};
use crate::store::pool::PoolCoin;
use crate::store::{Connection, Store, StoreError, pool, wallets};

/// Transactions read at once.
const AT_ONCE: usize = 1_000;

/// What has changed in the memory pool since the last sync.
#[derive(Debug, Default)]
pub struct PoolChange {
    gone: Vec<Txid>,
    gone_strangers: Vec<Txid>,
    strangers: Vec<Txid>,
    ours: Vec<PoolTransaction>,
    kept: usize,
}

#[derive(Debug)]
struct PoolTransaction {
    txid: Txid,
    makes: Vec<PoolCoin>,
    spends: Vec<OutPoint>,
}

/// Reads the memory pool: only transactions that were not there at the last sync are fetched.
///
/// An output is found when its index is watched already; one beyond the gap is found when it is mined.
pub async fn refresh(
    store: &Store,
    source: &dyn ChainSource,
    watch: &Watch,
) -> Result<PoolChange, SyncError> {
    // Read before the memory pool is: what a broadcast adds between the two is not taken for gone.
    let mut view = store.read().await?;
    let known = pool::transactions(&mut view).await?;
    let strangers = pool::strangers(&mut view).await?;
    let known_coins = pool::outpoints(&mut view).await?;
    drop(view);

    let now: HashSet<Txid> = source.pool().await?.into_iter().collect();
    let new: Vec<Txid> = now
        .iter()
        .filter(|txid| !known.contains(*txid) && !strangers.contains(*txid))
        .copied()
        .collect();
    let mut change = PoolChange {
        gone: known.difference(&now).copied().collect(),
        gone_strangers: strangers.difference(&now).copied().collect(),
        kept: known.intersection(&now).count(),
        ..PoolChange::default()
    };

    let mut read: Vec<PoolTransaction> = Vec::with_capacity(new.len());
    for part in new.chunks(AT_ONCE) {
        // Those that left meanwhile are neither ours nor strangers: the next sync looks again.
        for transaction in source.pool_transactions(part).await?.into_iter().flatten() {
            if !amounts_are_possible(&transaction) {
                let what = format!(
                    "transaction {} makes more money than there is",
                    transaction.compute_txid()
                );
                return Err(ChainError::Garbage(what).into());
            }
            read.push(outputs_to_us(watch, &transaction));
        }
    }
    // A child may have been read before its parent, so spends are looked for when all coins are known.
    let coins: HashSet<OutPoint> = read
        .iter()
        .flat_map(|transaction| transaction.makes.iter().map(|coin| coin.outpoint))
        .chain(known_coins)
        .collect();
    for mut transaction in read {
        transaction
            .spends
            .retain(|outpoint| watch.is_coin(outpoint) || coins.contains(outpoint));
        match transaction.makes.is_empty() && transaction.spends.is_empty() {
            true => change.strangers.push(transaction.txid),
            false => change.ours.push(transaction),
        }
    }
    Ok(change)
}

fn outputs_to_us(watch: &Watch, transaction: &Transaction) -> PoolTransaction {
    let txid = transaction.compute_txid();
    let makes = transaction
        .output
        .iter()
        .zip(0..)
        .filter_map(|(output, vout)| {
            let owner = watch.owner(&output.script_pubkey)?;
            Some(PoolCoin {
                outpoint: OutPoint { txid, vout },
                owner,
                amount: output.value,
            })
        })
        .collect();
    PoolTransaction {
        txid,
        makes,
        spends: transaction
            .input
            .iter()
            .map(|input| input.previous_output)
            .collect(),
    }
}

impl PoolChange {
    /// Writes the change, and returns the number of transactions of ours that the memory pool holds.
    pub async fn write(self, db: &mut Connection) -> Result<u32, StoreError> {
        for txid in &self.gone {
            pool::remove(db, *txid).await?;
        }
        for transaction in &self.ours {
            insert(db, transaction).await?;
        }
        pool::remove_strangers(db, &self.gone_strangers).await?;
        pool::insert_strangers(db, &self.strangers).await?;
        Ok((self.kept + self.ours.len()) as u32)
    }
}

async fn insert(db: &mut Connection, transaction: &PoolTransaction) -> Result<(), StoreError> {
    pool::insert(db, transaction.txid, &transaction.makes, &transaction.spends).await?;
    for coin in &transaction.makes {
        let record = wallets::by_no(db, coin.owner.wallet_no).await?;
        addresses::note_used(db, &record, coin.owner.branch, coin.owner.index).await?;
    }
    Ok(())
}
