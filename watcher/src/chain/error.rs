//! What keeps a chain source from answering.

use bitcoin::Amount;
use cofferdam_core::Network;

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// A chain source failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Nothing answers at the address.
    #[error("cannot reach the node at {url}: {reason}")]
    Unreachable {
        /// The node's address.
        url: String,
        /// Why.
        reason: String,
    },
    /// The node is starting.
    #[error("the node is starting: {0}")]
    WarmingUp(String),
    /// The node is still downloading the chain.
    #[error("the node is still downloading the chain: {blocks} of {headers} blocks")]
    InitialDownload {
        /// The blocks it has.
        blocks: u64,
        /// The blocks it knows of.
        headers: u64,
    },
    /// The node has deleted a block that is needed.
    #[error("the node has pruned the block at height {height}; its first block is {pruned_to}")]
    Pruned {
        /// The height that is needed.
        height: u32,
        /// The lowest height it still has.
        pruned_to: u32,
    },
    /// The credentials are wrong.
    #[error("the node at {url} refuses the credentials")]
    Unauthorised {
        /// The node's address.
        url: String,
    },
    /// The credentials cannot be read.
    #[error("cannot read the node's credentials from {path}: {reason}")]
    Credentials {
        /// The cookie or password file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The address is none that a node can have.
    #[error("the address of the node {url} cannot be used: {reason}")]
    BadUrl {
        /// What may be shown of it: no password.
        url: String,
        /// Why.
        reason: String,
    },
    /// The node works on a network that this program does not know.
    #[error("the node works on the network \"{0}\", which is not supported")]
    UnknownNetwork(String),
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
    /// The answer is larger than any honest one.
    #[error("the answer to {what} is larger than {limit} bytes")]
    TooLarge {
        /// The call.
        what: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The node answered with an error of its own.
    #[error("the node refused {method}: {message} (code {code})")]
    Refused {
        /// The call.
        method: String,
        /// The node's error code.
        code: i64,
        /// The node's message.
        message: String,
    },
    /// The network's rules refuse the transaction.
    #[error("the network's rules rejected the transaction: {0}")]
    Rejected(String),
    /// The source lost a block while it was being read, as in a reorganisation.
    #[error("the best chain changed while it was being read")]
    ChainMoved,
    /// The rehearsal chain's subsidies cannot cover what was asked for.
    #[error("the rehearsal chain's faucet does not hold that much, whatever is mined")]
    FaucetEmpty,
    /// The rehearsal chain's file failed.
    #[error("the rehearsal chain's file: {0}")]
    Storage(String),
    /// A newer program wrote the rehearsal chain's file.
    #[error("the rehearsal chain has format version {found}; this program knows {known}")]
    Newer {
        /// The version in the file.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// The rehearsal chain's file is damaged.
    #[error("the rehearsal chain is damaged: {0}")]
    Damaged(String),
    /// The rehearsal chain's file is in use.
    #[error("another process is writing to the rehearsal chain")]
    Locked,
}

impl Coded for ChainError {
    fn exit(&self) -> Exit {
        match self {
            ChainError::Rejected(_) => Exit::Rejected,
            ChainError::BadUrl { .. } => Exit::Usage,
            ChainError::FaucetEmpty => Exit::Funds,
            ChainError::OtherNetwork { .. } => Exit::Conflict,
            ChainError::Storage(_) => Exit::Storage,
            ChainError::Newer { .. } => Exit::Malformed,
            ChainError::Damaged(_) => Exit::Damaged,
            ChainError::Locked => Exit::Busy,
            _ => Exit::ChainNotReady,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ChainError::Unreachable { .. } => "node-unreachable",
            ChainError::WarmingUp(_) => "node-starting",
            ChainError::InitialDownload { .. } => "node-downloading",
            ChainError::Pruned { .. } => "node-pruned",
            ChainError::Unauthorised { .. } => "node-unauthorised",
            ChainError::Credentials { .. } => "node-credentials",
            ChainError::BadUrl { .. } => "node-url",
            ChainError::UnknownNetwork(_) => "node-network-unknown",
            ChainError::OtherNetwork { .. } => "node-network",
            ChainError::Garbage(_) => "node-garbage",
            ChainError::TooMuchMoney { .. } => "chain-too-much-money",
            ChainError::TooLarge { .. } => "node-answer-too-large",
            ChainError::Refused { .. } => "node-refused",
            ChainError::Rejected(_) => "transaction-rejected",
            ChainError::ChainMoved => "chain-moved",
            ChainError::FaucetEmpty => "faucet-empty",
            ChainError::Storage(_) => "rehearsal-storage",
            ChainError::Newer { .. } => "rehearsal-newer",
            ChainError::Damaged(_) => "rehearsal-damaged",
            ChainError::Locked => "rehearsal-locked",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            ChainError::Unreachable { .. } => Remedy::StartNode,
            ChainError::WarmingUp(_) => Remedy::WaitForStart,
            ChainError::InitialDownload { .. } => Remedy::WaitForDownload,
            ChainError::Pruned { .. } => Remedy::UnprunedNode,
            ChainError::Unauthorised { .. } => Remedy::CheckCredentials,
            ChainError::Credentials { .. } => Remedy::FindCookie,
            ChainError::BadUrl { .. } => Remedy::WriteUrl,
            ChainError::UnknownNetwork(_) => Remedy::KnownNetwork,
            ChainError::OtherNetwork { .. } => Remedy::NodeOfNetwork,
            ChainError::Garbage(_) | ChainError::TooLarge { .. } => Remedy::CheckRpcPort,
            ChainError::TooMuchMoney { .. } => Remedy::NoImpossibleMoney,
            ChainError::Refused { .. } => Remedy::SeeNodesLog,
            ChainError::Rejected(_) => Remedy::NodesReason,
            ChainError::ChainMoved => Remedy::TryAgain,
            ChainError::FaucetEmpty => Remedy::AskLess,
            ChainError::Storage(_) => Remedy::FreeSpace,
            ChainError::Newer { .. } => Remedy::UseNewerProgram,
            ChainError::Damaged(_) => Remedy::RestoreRehearsal,
            ChainError::Locked => Remedy::WaitThenTryAgain,
        }
    }
}
