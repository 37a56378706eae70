//! What one block does to the ledger.

use std::collections::HashMap;

use bitcoin::{Block, BlockHash, OutPoint, Transaction, Txid};

use super::link::Link;
use super::watch::{OwnCoin, Watch};
use crate::chain::Tip;
use crate::payout::sighting::Spender;
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
    /// Its place in the block, from 0.
    position: usize,
    txid: Txid,
    coinbase: bool,
    made: Vec<(u32, OwnCoin)>,
    spent: Vec<Spend>,
    /// The transaction itself, when a signer will have to see it, or it spends a coin of ours.
    whole: Option<Transaction>,
    /// Whether it stays in the ledger: a signer will have to see it, or only its content tells that
    /// it is one of ours.
    kept: bool,
}

/// An input that spends a coin of ours.
#[derive(Clone, Copy, Debug)]
pub struct Spend {
    /// Which input, from 0.
    pub input: usize,
    /// What it spends.
    pub outpoint: OutPoint,
    /// The coin.
    pub coin: OwnCoin,
}

/// Searches a block for all wallets that need it. That spends are signed is not looked into
/// ([`super::proof`]).
///
/// A use of an index near the end of those watched adds scripts; the block is then searched again,
/// until nothing is added, or the block has added as many as one may.
pub fn scan(watch: &mut Watch, height: u32, block: &Block) -> Result<BlockEffects, StoreError> {
    loop {
        let transactions = search(watch, height, block);
        let mut grew = false;
        for owner in transactions
            .iter()
            .flat_map(|transaction| &transaction.made)
            .map(|(_, coin)| coin.owner)
        {
            grew |= watch.note_used(owner)?;
        }
        if grew {
            continue;
        }
        for transaction in &transactions {
            for (vout, coin) in &transaction.made {
                let outpoint = OutPoint {
                    txid: transaction.txid,
                    vout: *vout,
                };
                watch.add_coin(outpoint, *coin);
            }
            for spend in &transaction.spent {
                watch.remove_coin(&spend.outpoint);
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
    let mut made_here = HashMap::new();
    let mut found = Vec::new();
    for (position, transaction) in block.txdata.iter().enumerate() {
        let made: Vec<(u32, OwnCoin)> = transaction
            .output
            .iter()
            .zip(0..)
            .filter_map(|(output, vout)| {
                let owner = watch.owner_at(&output.script_pubkey, height)?;
                let amount = output.value;
                Some((vout, OwnCoin { owner, amount }))
            })
            .collect();
        let spent: Vec<Spend> = transaction
            .input
            .iter()
            .map(|input| input.previous_output)
            .enumerate()
            .filter_map(|(input, outpoint)| {
                let coin = watch
                    .coin(&outpoint)
                    .or_else(|| made_here.get(&outpoint).copied())?;
                Some(Spend {
                    input,
                    outpoint,
                    coin,
                })
            })
            .collect();
        if made.is_empty() && spent.is_empty() {
            continue;
        }
        let txid = transaction.compute_txid();
        let outpoint = |vout: &u32| OutPoint { txid, vout: *vout };
        made_here.extend(made.iter().map(|(vout, coin)| (outpoint(vout), *coin)));
        let kept = made
            .iter()
            .any(|(_, coin)| watch.needs_previous(coin.owner.wallet_no))
            || !spent.is_empty() && watch.has_unforeseen_txids();
        found.push(TransactionEffects {
            position,
            txid,
            coinbase: transaction.is_coinbase(),
            whole: (kept || !spent.is_empty()).then(|| transaction.clone()),
            made,
            spent,
            kept,
        });
    }
    found
}

impl BlockEffects {
    /// Returns what a block does that has nothing of ours.
    pub fn none(height: u32, link: Link) -> Self {
        BlockEffects {
            height,
            hash: link.hash,
            time: link.time,
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

    /// Returns the transactions that spend coins of ours: the place of each in the block, and which
    /// inputs do.
    pub fn spends(&self) -> impl Iterator<Item = (usize, &[Spend])> {
        self.transactions
            .iter()
            .filter(|transaction| !transaction.spent.is_empty())
            .map(|transaction| (transaction.position, transaction.spent.as_slice()))
    }

    /// Returns the transactions that spend coins of ours.
    pub fn spenders(&self) -> impl Iterator<Item = Spender<'_>> {
        let spending = self
            .transactions
            .iter()
            .filter(|found| !found.spent.is_empty());
        spending.filter_map(|found| {
            Some(Spender {
                transaction: found.whole.as_ref()?,
                spends: found.spent.iter().map(|spend| spend.outpoint).collect(),
                own_outputs: found.made.iter().map(|(vout, _)| *vout).collect(),
            })
        })
    }

    /// Returns the number of outputs of the transactions that spend coins of ours.
    pub fn outputs_to_note(&self) -> usize {
        let spending = self
            .transactions
            .iter()
            .filter(|found| !found.spent.is_empty());
        spending
            .filter_map(|found| found.whole.as_ref())
            .map(|transaction| transaction.output.len())
            .sum()
    }

    /// Returns whether the block has nothing of ours.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes what the block does into the ledger, inside a write. Writing a block again changes
    /// nothing.
    pub async fn write(&self, db: &mut Connection) -> Result<(), StoreError> {
        for transaction in &self.transactions {
            let TransactionEffects {
                position: _,
                txid,
                coinbase,
                made,
                spent,
                whole,
                kept,
            } = transaction;
            blocks::insert_transaction(db, *txid, self.height).await?;
            pool::remove(db, *txid).await?;
            for (vout, OwnCoin { owner, amount }) in made {
                let outpoint = OutPoint {
                    txid: *txid,
                    vout: *vout,
                };
                coins::insert(db, outpoint, *owner, *amount, self.height, *coinbase).await?;
            }
            for spend in spent {
                coins::spend(db, spend.outpoint, *txid, self.height).await?;
            }
            if let (true, Some(whole)) = (*kept, whole) {
                previous::insert(db, whole).await?;
            }
        }
        Ok(())
    }
}
