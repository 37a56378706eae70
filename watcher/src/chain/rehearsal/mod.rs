//! The rehearsal chain: a regtest chain inside the data folder, for demos, training and tests.
//!
//! It is no mock: every block and transaction is checked by the rules of regtest before it counts.
//!
//! - [`rules`]: the consensus rules, pure.
//! - [`scripts`]: script checks, by Bitcoin Core's consensus code.
//! - [`chain`]: connecting and disconnecting blocks.
//! - [`pool`]: the memory pool and its few policies.
//! - [`mine`]: making blocks.
//! - [`faucet`]: money that needs no key.
//! - [`db`]: the file.

pub mod chain;
pub mod db;
pub mod faucet;
pub mod mine;
pub mod pool;
pub mod rules;
pub mod scripts;

use std::path::Path;

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash, Transaction, Txid};
use cofferdam_core::Network;

use super::{
    Answer, Blocks, ChainError, RehearsalError, Relay, SatPerKvb, Sent, Source, TestAccept, Tip,
};
use crate::store::{self, StoreError};

/// An open rehearsal chain.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pool: store::Pool,
}

impl Rehearsal {
    /// Opens the chain at `path`, and begins one with regtest's genesis block when there is none.
    pub async fn open(path: &Path) -> Result<Self, ChainError> {
        let rehearsal = Rehearsal {
            pool: store::open(path).await?,
        };
        db::migrate(&rehearsal).await?;
        Ok(rehearsal)
    }

    /// Begins a read: one consistent view.
    pub(crate) async fn read(&self) -> Result<db::Transaction, ChainError> {
        Ok(self.pool.begin().await.map_err(StoreError::from)?)
    }

    /// Begins a write; others wait.
    pub(crate) async fn write(&self) -> Result<db::Transaction, ChainError> {
        Ok(self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(StoreError::from)?)
    }

    /// Mines blocks that take up the memory pool, and returns the new tip with the number of
    /// transactions taken up.
    pub async fn mine(&self, blocks: u32, now: u32) -> Result<(Tip, usize), ChainError> {
        let mut write = self.write().await?;
        let mut taken = 0;
        for _ in 0..blocks {
            taken += mine::mine(&mut write, now).await?;
        }
        let tip = db::tip(&mut write).await?;
        commit(write).await?;
        Ok((tip.into(), taken))
    }

    /// Replaces the last `depth` blocks by `depth + 1` blocks without their transactions, which go
    /// back to the memory pool; a coinbase that vanishes takes its descendants with it.
    pub async fn reorganise(&self, depth: u32, now: u32) -> Result<Tip, ChainError> {
        let mut write = self.write().await?;
        let undone = chain::disconnect(&mut write, depth).await?;
        for _ in 0..=depth {
            mine::mine_empty(&mut write, now).await?;
        }
        pool::refill(&mut write, undone).await?;
        let tip = db::tip(&mut write).await?;
        commit(write).await?;
        Ok(tip.into())
    }

    /// Checks a block by every rule and makes it the new tip.
    pub async fn submit(&self, block: &Block, now: u32) -> Result<(), ChainError> {
        let mut write = self.write().await?;
        chain::connect(&mut write, block, now).await?;
        pool::revalidate(&mut write).await?;
        commit(write).await
    }
}

pub(crate) async fn commit(transaction: db::Transaction) -> Result<(), ChainError> {
    Ok(transaction.commit().await.map_err(StoreError::from)?)
}

impl Source for Rehearsal {
    fn describe(&self) -> String {
        "the rehearsal chain".into()
    }

    fn network(&self) -> Answer<'_, Network> {
        Box::pin(async { Ok(Network::Regtest) })
    }
}

impl Blocks for Rehearsal {
    fn tip(&self) -> Answer<'_, Tip> {
        Box::pin(async { Ok(db::tip(&mut *self.read().await?).await?.into()) })
    }

    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>> {
        Box::pin(async move { db::hashes(&mut *self.read().await?, from, count).await })
    }

    fn header(&self, hash: BlockHash) -> Answer<'_, Header> {
        Box::pin(async move { db::header(&mut *self.read().await?, hash).await })
    }

    fn headers<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Vec<Header>> {
        Box::pin(async move {
            let mut view = self.read().await?;
            let mut headers = Vec::with_capacity(hashes.len());
            for hash in hashes {
                headers.push(db::header(&mut view, *hash).await?);
            }
            Ok(headers)
        })
    }

    fn block(&self, hash: BlockHash) -> Answer<'_, Block> {
        Box::pin(async move {
            db::block(&mut *self.read().await?, hash)
                .await?
                .ok_or(ChainError::ChainMoved)
        })
    }
}

impl Relay for Rehearsal {
    fn pool(&self) -> Answer<'_, Vec<Txid>> {
        Box::pin(async {
            let pool = db::pool(&mut *self.read().await?).await?;
            Ok(pool.into_iter().map(|entry| entry.txid).collect())
        })
    }

    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>> {
        Box::pin(async move {
            let pool = db::pool(&mut *self.read().await?).await?;
            let find = |txid: &Txid| pool.iter().find(|entry| entry.txid == *txid);
            Ok(txids
                .iter()
                .map(|txid| Some(find(txid)?.transaction.clone()))
                .collect())
        })
    }

    /// The next block takes up whatever pays the relay minimum.
    fn estimate_fee(&self, _blocks: u16) -> Answer<'_, Option<SatPerKvb>> {
        Box::pin(async { Ok(Some(SatPerKvb(pool::MIN_RELAY_SAT_PER_KVB))) })
    }

    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept> {
        Box::pin(async move {
            // Never committed.
            match pool::accept(&mut *self.write().await?, transaction).await {
                Ok(Sent::Accepted) => Ok(TestAccept::Accepted),
                Ok(Sent::AlreadyKnown) => Ok(TestAccept::AlreadyKnown),
                Err(ChainError::Rejected(reason)) => Ok(TestAccept::Rejected(reason)),
                Err(error) => Err(error),
            }
        })
    }

    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let sent = pool::accept(&mut write, transaction).await?;
            commit(write).await?;
            Ok(sent)
        })
    }
}

impl From<StoreError> for ChainError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged(what) => ChainError::Rehearsal(RehearsalError::Damaged(what)),
            StoreError::Locked => ChainError::Rehearsal(RehearsalError::Locked),
            other => ChainError::Rehearsal(RehearsalError::Storage(other.to_string())),
        }
    }
}
