//! Where blocks come from and transactions go to.
//!
//! - [`core_rpc`]: a Bitcoin Core node.
//! - [`rehearsal`]: a regtest chain inside the data folder, for demos, training and tests.
//! - [`scripts`]: script checks, by Bitcoin Core's consensus code.
//! - [`error`]: what keeps a source from answering.

pub mod core_rpc;
pub mod error;
pub mod rehearsal;
pub mod scripts;

use std::future::Future;
use std::pin::Pin;

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash, Transaction, Txid};
use cofferdam_core::Network;

use crate::data_folder::DataFolder;
use crate::settings::ChainSettings;

pub use crate::tip::Tip;
pub use error::ChainError;

/// What a call to a chain source returns: a future, so that several can wait at once.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChainError>> + Send + 'a>>;

/// A fee rate in satoshi per 1,000 virtual bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SatPerKvb(pub u64);

/// What a node says about a transaction that it has not been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestAccept {
    /// The memory pool would take it.
    Accepted,
    /// The memory pool has it already, or a block has.
    AlreadyKnown,
    /// Refused; the node's own reason.
    Rejected(String),
}

/// How a broadcast ended, when it ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The node took the transaction now.
    Accepted,
    /// It was in the memory pool, or in a block, before.
    AlreadyKnown,
}

/// A chain, seen through one source. It is believed about which blocks are best, and about nothing
/// that the ledger can check itself: a block's hash, its merkle root and its place after its parent
/// are checked by the caller. A [filter](Self::filters) it cannot check.
pub trait ChainSource: Send + Sync + std::fmt::Debug {
    /// Returns a short description for people, such as the address of the node.
    fn describe(&self) -> String;

    /// Returns the network, after checking that the source is ready to serve.
    fn network(&self) -> Answer<'_, Network>;

    /// Returns the best block.
    fn tip(&self) -> Answer<'_, Tip>;

    /// Returns the hashes of the best chain's blocks from a height on, at most `count`; fewer where
    /// the chain ends.
    fn block_hashes(&self, from: u32, count: u32) -> Answer<'_, Vec<BlockHash>>;

    /// Returns the hash of the best chain's block at a height; `None` above the tip.
    fn block_hash(&self, height: u32) -> Answer<'_, Option<BlockHash>> {
        Box::pin(async move { Ok(self.block_hashes(height, 1).await?.first().copied()) })
    }

    /// Returns a block's header.
    fn header(&self, hash: BlockHash) -> Answer<'_, Header>;

    /// Returns the headers of several blocks, in the order asked for.
    fn headers<'a>(&'a self, hashes: &'a [BlockHash]) -> Answer<'a, Vec<Header>> {
        Box::pin(async move {
            let mut headers = Vec::with_capacity(hashes.len());
            for hash in hashes {
                headers.push(self.header(*hash).await?);
            }
            Ok(headers)
        })
    }

    /// Returns the basic compact filters (BIP158) of several blocks, in the order asked for; `None`
    /// when the source does not have all of them.
    fn filters<'a>(&'a self, _hashes: &'a [BlockHash]) -> Answer<'a, Option<Vec<Vec<u8>>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns a block whose hash is `hash`.
    fn block(&self, hash: BlockHash) -> Answer<'_, Block>;

    /// Returns the txids in the memory pool.
    fn pool(&self) -> Answer<'_, Vec<Txid>>;

    /// Returns transactions of the memory pool, in the order asked for; `None` for those that have
    /// left it.
    fn pool_transactions<'a>(&'a self, txids: &'a [Txid]) -> Answer<'a, Vec<Option<Transaction>>>;

    /// Returns the fee rate for confirmation within `blocks`; `None` when the source has no
    /// estimate.
    fn estimate_fee(&self, blocks: u16) -> Answer<'_, Option<SatPerKvb>>;

    /// Asks whether the memory pool would take a transaction.
    fn test_accept<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, TestAccept>;

    /// Sends a transaction. One that is known already counts as sent; one that the rules refuse is
    /// [`ChainError::Rejected`].
    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent>;
}

/// Opens the source that the settings name, and checks that it answers and is ready.
pub async fn open(
    settings: &ChainSettings,
    folder: &DataFolder,
) -> Result<Box<dyn ChainSource>, crate::Error> {
    let source: Box<dyn ChainSource> = match settings {
        ChainSettings::Core(node) => Box::new(core_rpc::CoreRpc::connect(node)?),
        ChainSettings::Rehearsal => {
            Box::new(rehearsal::Rehearsal::open(&folder.rehearsal()).await?)
        }
    };
    source.network().await?;
    Ok(source)
}
