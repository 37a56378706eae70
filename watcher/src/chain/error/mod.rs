//! What keeps a chain source from answering.
//!
//! - [`node`]: a node. [`rehearsal`]: the rehearsal chain.

mod node;
mod rehearsal;

use bitcoin::Amount;
use cofferdam_core::Network;

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

pub use node::NodeError;
pub use rehearsal::RehearsalError;

/// A chain source failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The node does not answer, or not as it should.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The rehearsal chain's file failed.
    #[error(transparent)]
    Rehearsal(#[from] RehearsalError),
    /// The node works on another network than the ledger.
    #[error("the node works on {found}, and this ledger on {expected}")]
    OtherNetwork {
        /// The ledger's network.
        expected: Network,
        /// The node's network.
        found: Network,
    },
    /// The answer is not what the protocol says.
    #[error("the chain source gave an answer that makes no sense: {0}")]
    Garbage(String),
    /// What the source shows is more money than there can be.
    #[error(
        "the chain source lies: {who} at height {height} would leave {found} sat to the wallets, and all blocks together issued {} sat",
        limit.to_sat()
    )]
    TooMuchMoney {
        /// What shows it.
        who: &'static str,
        /// The height up to which blocks issued money.
        height: u32,
        /// What it comes to, in satoshis.
        found: i128,
        /// What the subsidies come to.
        limit: Amount,
    },
    /// The network's rules refuse the transaction.
    #[error("the network's rules rejected the transaction: {0}")]
    Rejected(String),
    /// The source lost a block while it was being read, as in a reorganisation.
    #[error("the best chain changed while it was being read")]
    ChainMoved,
}

impl Coded for ChainError {
    fn exit(&self) -> Exit {
        match self {
            ChainError::Node(error) => error.exit(),
            ChainError::Rehearsal(error) => error.exit(),
            ChainError::Rejected(_) => Exit::Rejected,
            ChainError::OtherNetwork { .. } => Exit::Conflict,
            ChainError::Garbage(_) | ChainError::TooMuchMoney { .. } | ChainError::ChainMoved => {
                Exit::ChainNotReady
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ChainError::Node(error) => error.code(),
            ChainError::Rehearsal(error) => error.code(),
            ChainError::OtherNetwork { .. } => "node-network",
            ChainError::Garbage(_) => "node-garbage",
            ChainError::TooMuchMoney { .. } => "chain-too-much-money",
            ChainError::Rejected(_) => "transaction-rejected",
            ChainError::ChainMoved => "chain-moved",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            ChainError::Node(error) => error.remedy(),
            ChainError::Rehearsal(error) => error.remedy(),
            ChainError::OtherNetwork { .. } => Remedy::NodeOfNetwork,
            ChainError::Garbage(_) => Remedy::CheckRpcPort,
            ChainError::TooMuchMoney { .. } => Remedy::NoImpossibleMoney,
            ChainError::Rejected(_) => Remedy::NodesReason,
            ChainError::ChainMoved => Remedy::TryAgain,
        }
    }
}
