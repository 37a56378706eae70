//! Why a request fails before any part below could say so.

use cofferdam_core::wallet::{Branch, DeriveError};

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// A request makes no sense, or what came is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The rehearsal chain was named, and a node described.
    #[error("the rehearsal chain has no RPC server")]
    RehearsalWithNode,
    /// A node was described, and its kind not named.
    #[error("a node is described, and the kind of chain source is not named")]
    NodeWithoutKind,
    /// A node was named for the first time, and not described.
    #[error("the node is not described, and none was used before")]
    UndescribedNode,
    /// The node's address is missing.
    #[error("the node's address is missing")]
    NoAddress,
    /// The node's credentials are missing.
    #[error("the node's credentials are missing")]
    NoCredentials,
    /// The address of an index that is not watched was asked for.
    #[error("index {index} is not watched: the {branch} branch is watched below {covered}")]
    NotWatched {
        /// The wallet's name.
        wallet: String,
        /// The branch.
        branch: Branch,
        /// The index.
        index: u32,
        /// The first index that is not watched.
        covered: u32,
    },
    /// There is no such address.
    #[error(transparent)]
    Index(#[from] DeriveError),
    /// The parts of a payment would be dust.
    #[error("coins of {0} satoshi are dust")]
    Dust(u64),
    /// What was scanned is no transaction, or not whole.
    #[error("{0}")]
    Scanned(String),
    /// The wallet that was scanned cannot be read.
    #[error("the wallet in the codes: {0}")]
    ScannedWallet(String),
    /// Something that should not happen.
    #[error("unexpected failure: {0}")]
    Unexpected(String),
}

impl Coded for ServiceError {
    fn exit(&self) -> Exit {
        match self {
            ServiceError::Scanned(_) | ServiceError::ScannedWallet(_) => Exit::Malformed,
            ServiceError::Unexpected(_) => Exit::Unexpected,
            _ => Exit::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ServiceError::Scanned(_) | ServiceError::ScannedWallet(_) => "malformed",
            ServiceError::Unexpected(_) => "unexpected",
            _ => "usage",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            ServiceError::RehearsalWithNode => Remedy::NoNodeForRehearsal,
            ServiceError::NodeWithoutKind => Remedy::SayCore,
            ServiceError::UndescribedNode => Remedy::DescribeNode,
            ServiceError::NoAddress => Remedy::NameAddress,
            ServiceError::NoCredentials => Remedy::NameCredentials,
            ServiceError::NotWatched {
                wallet,
                branch,
                index,
                ..
            } => Remedy::WatchIndex {
                wallet: wallet.clone(),
                branch: *branch,
                index: *index,
            },
            ServiceError::Index(_) => Remedy::IndexInRange,
            ServiceError::Dust(_) => Remedy::FewerCoins,
            ServiceError::Scanned(_) => Remedy::ShowAgain,
            ServiceError::ScannedWallet(_) => Remedy::ShowAsDescriptor,
            ServiceError::Unexpected(_) => Remedy::Report,
        }
    }
}
