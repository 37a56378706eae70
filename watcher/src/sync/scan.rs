//! What one block does to the ledger.

use std::collections::HashSet;

use bitcoin::block::Header;
use bitcoin::{Amount, Block, BlockHash, OutPoint, Transaction, Txid};

use super::watch::Watch;
use crate::chain::Tip;
use crate::store::scripts::ScriptOwner;
use crate::store::{Connection, StoreError, blocks, coins, pool, previous};

/// What one block does to the ledger.
#[derive(Debug)]
pub struct BlockEffects {
    /// The block's height.
    pub height: u32,
    /// The block's hash.
    pub hash: BlockHash,
    time: u32,
    transactions: Vec<TransactionEffects>,
    /// Whether it uses so many far indices that what it may pay beyond them was not looked for.
    pub is_cut: bool,
}

#[derive(Debug)]
struct TransactionEffects {
    txid: Txid,
    coinbase: bool,
    made: Vec<(u32, ScriptOwner, Amount)>,
    spent: Vec<OutPoint>,
    /// The transaction itself, when a signer will have to see it, or only its content tells that it is one of ours.
    kept: Option<Transaction>,
}

/// Searches a block for all wallets that need it.
///
/// A use of an index near the end of those watched adds scripts; the block is then searched again, until nothing is
/// added, or the block has added as many as one may.
pub fn scan(watch: &mut Watch, height: u32, block: &Block) -> Result<BlockEffects, StoreError> {
    loop {
        let transactions = search(watch, height, block);
        let mut grew = false;
        for owner in transactions
            .iter()
            .flat_map(|transaction| &transaction.made)
            .map(|(_, owner, _)| *owner)
        {
            grew |= watch.note_used(owner)?;
        }
        if grew {
            continue;
        }
        for transaction in &transactions {
            for (vout, _, amount) in &transaction.made {
                let outpoint = OutPoint {
                    txid: transaction.txid,
                    vout: *vout,
                };
                watch.add_coin(outpoint, *amount);
            }
            for outpoint in &transaction.spent {
                watch.remove_coin(outpoint);
            }
        }
        return Ok(BlockEffects {
            height,
            hash: block.block_hash(),
            time: block.header.time,
            transactions,
            is_cut: watch.end_block()?,
        });
    }
}

fn search(watch: &Watch, height: u32, block: &Block) -> Vec<TransactionEffects> {
    let mut made_here = HashSet::new();
    let mut found = Vec::new();
    for transaction in &block.txdata {
        let made: Vec<(u32, ScriptOwner, Amount)> = transaction
            .output
            .iter()
            .zip(0..)
            .filter_map(|(output, vout)| {
                Some((vout, watch.owner_at(&output.script_pubkey, height)?, output.value))
            })
            .collect();
        let spent: Vec<OutPoint> = transaction
            .input
            .iter()
            .map(|input| input.previous_output)
            .filter(|outpoint| watch.is_coin(outpoint) || made_here.contains(outpoint))
            .collect();
        if made.is_empty() && spent.is_empty() {
            continue;
        }
        let txid = transaction.compute_txid();
        made_here.extend(made.iter().map(|(vout, ..)| OutPoint { txid, vout: *vout }));
        let kept = made
            .iter()
            .any(|(_, owner, _)| watch.needs_previous(owner.wallet_no))
            || !spent.is_empty() && watch.has_unforeseen_txids();
        found.push(TransactionEffects {
            txid,
            coinbase: transaction.is_coinbase(),
            made,
            spent,
            kept: kept.then(|| transaction.clone()),
        });
    }
    found
}

/// Tells whether the outputs of a transaction come to an amount that can exist. A source that says otherwise lies.
pub fn amounts_are_possible(transaction: &Transaction) -> bool {
    let sum = transaction
        .output
        .iter()
        .try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
    sum.is_some_and(|sum| sum <= Amount::MAX_MONEY)
}

impl BlockEffects {
    /// Returns what a block does that has nothing of ours.
    pub fn none(height: u32, header: &Header) -> Self {
        BlockEffects {
            height,
            hash: header.block_hash(),
            time: header.time,
            transactions: Vec::new(),
            is_cut: false,
        }
    }

    /// Returns the block, and the time in its header.
    pub fn row(&self) -> (Tip, u32) {
        let block = Tip {
            height: self.height,
            hash: self.hash,
        };
        (block, self.time)
    }

    /// Returns the number of coins made and spent.
    pub fn len(&self) -> usize {
        self.transactions
            .iter()
            .map(|transaction| transaction.made.len() + transaction.spent.len())
            .sum()
    }

    /// Returns whether the block has nothing of ours.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes what the block does into the ledger, inside a write. Writing a block again changes nothing.
    pub async fn write(&self, db: &mut Connection) -> Result<(), StoreError> {
        for transaction in &self.transactions {
            let TransactionEffects {
                txid,
                coinbase,
                made,
                spent,
                kept,
            } = transaction;
            blocks::insert_transaction(db, *txid, self.height).await?;
            pool::remove(db, *txid).await?;
            for (vout, owner, amount) in made {
                let outpoint = OutPoint {
                    txid: *txid,
                    vout: *vout,
                };
                coins::insert(db, outpoint, *owner, *amount, self.height, *coinbase).await?;
            }
            for outpoint in spent {
                coins::spend(db, *outpoint, *txid, self.height).await?;
            }
            if let Some(kept) = kept {
                previous::insert(db, kept).await?;
            }
        }
        Ok(())
    }
}
