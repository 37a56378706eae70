//! What keeps a node from answering.

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// A node does not answer, or not as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
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
}

impl Coded for NodeError {
    fn exit(&self) -> Exit {
        match self {
            NodeError::BadUrl { .. } => Exit::Usage,
            _ => Exit::ChainNotReady,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            NodeError::Unreachable { .. } => "node-unreachable",
            NodeError::WarmingUp(_) => "node-starting",
            NodeError::InitialDownload { .. } => "node-downloading",
            NodeError::Pruned { .. } => "node-pruned",
            NodeError::Unauthorised { .. } => "node-unauthorised",
            NodeError::Credentials { .. } => "node-credentials",
            NodeError::BadUrl { .. } => "node-url",
            NodeError::UnknownNetwork(_) => "node-network-unknown",
            NodeError::TooLarge { .. } => "node-answer-too-large",
            NodeError::Refused { .. } => "node-refused",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            NodeError::Unreachable { .. } => Remedy::StartNode,
            NodeError::WarmingUp(_) => Remedy::WaitForStart,
            NodeError::InitialDownload { .. } => Remedy::WaitForDownload,
            NodeError::Pruned { .. } => Remedy::UnprunedNode,
            NodeError::Unauthorised { .. } => Remedy::CheckCredentials,
            NodeError::Credentials { .. } => Remedy::FindCookie,
            NodeError::BadUrl { .. } => Remedy::WriteUrl,
            NodeError::UnknownNetwork(_) => Remedy::KnownNetwork,
            NodeError::TooLarge { .. } => Remedy::CheckRpcPort,
            NodeError::Refused { .. } => Remedy::SeeNodesLog,
        }
    }
}
