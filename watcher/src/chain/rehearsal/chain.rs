//! Connecting and disconnecting blocks.

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, Block, OutPoint, Transaction};

use super::rules::{self, Broken, Coin, Place};
use super::{db, scripts};
use crate::chain::ChainError;
use crate::store::Connection;

impl From<Broken> for ChainError {
    fn from(rule: Broken) -> Self {
        ChainError::Rejected(rule.0)
    }
}

/// Checks a block by every rule of regtest, and makes it the tip. The memory pool is left as it is.
pub async fn connect(db: &mut Connection, block: &Block, now: u32) -> Result<(), ChainError> {
    let parent = db::tip(db).await?;
    rules::check_block(block, parent, now)?;
    let height = parent.height + 1;
    let place = Place {
        height,
        median_time_before: parent.median_time,
    };

    let mut made = HashMap::new();
    let mut spent = HashSet::new();
    let mut fees = Amount::ZERO;
    let mut sigops = 0;
    for transaction in &block.txdata {
        let mut coins = Vec::new();
        if !transaction.is_coinbase() {
            for input in &transaction.input {
                let outpoint = input.previous_output;
                let coin = match made.remove(&outpoint) {
                    Some(coin) => coin,
                    None if spent.contains(&outpoint) => return Err(missing()),
                    None => db::coin(db, outpoint).await?.ok_or_else(missing)?,
                };
                coins.push(coin);
            }
            let fee = rules::check_spends(transaction, &coins, place)?;
            fees = fees
                .checked_add(fee)
                .ok_or_else(|| Broken("bad-txns-accumulated-fee-outofrange".into()))?;
            scripts::check(transaction, &coins)?;
            spent.extend(transaction.input.iter().map(|input| input.previous_output));
        }
        sigops += sigop_cost(transaction, &coins);
        if sigops > rules::MAX_SIGOP_COST {
            return Err(Broken("bad-blk-sigops".into()).into());
        }
        add_outputs(&mut made, transaction, place);
    }
    if let Some(coinbase) = block.txdata.first() {
        rules::check_reward(coinbase, height, fees)?;
    }

    let mut times = db::last_times(db, parent.height).await?;
    times.push(block.header.time);
    db::insert_block(db, height, block, rules::median_time(&mut times)).await?;
    for transaction in &block.txdata {
        db::insert_coins(db, transaction, height).await?;
    }
    for outpoint in spent {
        db::spend(db, outpoint, height).await?;
    }
    Ok(())
}

fn missing() -> ChainError {
    Broken("bad-txns-inputs-missingorspent".into()).into()
}

/// Adds the outputs of a transaction that stands at `place`, as coins for those after it.
pub(super) fn add_outputs(
    coins: &mut HashMap<OutPoint, Coin>,
    transaction: &Transaction,
    place: Place,
) {
    let txid = transaction.compute_txid();
    for (output, vout) in transaction.output.iter().zip(0..) {
        let coin = Coin {
            amount: output.value,
            script: output.script_pubkey.clone(),
            height: place.height,
            coinbase: transaction.is_coinbase(),
            median_time_before: place.median_time_before,
        };
        coins.insert(OutPoint { txid, vout }, coin);
    }
}

/// Returns the weighted number of signature operations (BIP141).
pub(super) fn sigop_cost(transaction: &Transaction, coins: &[Coin]) -> usize {
    let spent: HashMap<OutPoint, &Coin> = transaction
        .input
        .iter()
        .map(|input| input.previous_output)
        .zip(coins)
        .collect();
    transaction.total_sigop_cost(|outpoint| {
        let coin = spent.get(outpoint)?;
        Some(bitcoin::TxOut {
            value: coin.amount,
            script_pubkey: coin.script.clone(),
        })
    })
}

/// Removes the last `depth` blocks, and returns their transactions but the coinbases, oldest first.
pub async fn disconnect(db: &mut Connection, depth: u32) -> Result<Vec<Transaction>, ChainError> {
    let tip = db::tip(db).await?;
    let Some(height) = tip.height.checked_sub(depth) else {
        let what = format!("the chain has {} blocks to undo, not {depth}", tip.height);
        return Err(ChainError::Rejected(what));
    };
    let mut transactions = Vec::new();
    for hash in db::hashes(db, height + 1, depth).await? {
        let block = db::block(db, hash).await?.ok_or(ChainError::ChainMoved)?;
        transactions.extend(block.txdata.into_iter().skip(1));
    }
    db::remove_above(db, height).await?;
    Ok(transactions)
}
