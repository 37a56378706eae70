//! The memory pool, and what sends transactions.

use bitcoin::{Transaction, Txid};

use super::{Answer, Source};

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

/// The memory pool of a node, and the way of a transaction into it.
pub trait Relay: Source {
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
    /// [`ChainError::Rejected`](super::ChainError::Rejected).
    fn broadcast<'a>(&'a self, transaction: &'a Transaction) -> Answer<'a, Sent>;
}
