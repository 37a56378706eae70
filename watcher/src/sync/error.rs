//! Why a sync stops.

use super::proof_error::ProofError;
use crate::chain::ChainError;
use crate::error::{Coded, Exit};
use crate::remedy::Remedy;
use crate::settings::ChainKind;
use crate::store::StoreError;

/// A sync stopped.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// There is nothing to look for.
    #[error("there are no wallets to sync")]
    NoWallets,
    /// The ledger's blocks come from another kind of chain.
    #[error("this ledger follows {recorded}, not {found}")]
    OtherChain {
        /// What the ledger follows.
        recorded: ChainKind,
        /// What was asked for.
        found: ChainKind,
    },
    /// The source's chain parts from the ledger's further back than any honest reorganisation.
    #[error(
        "the chain source follows another chain: it parts from the ledger's more than {limit} blocks below the tip"
    )]
    TooDeep {
        /// The number of blocks that a reorganisation may undo.
        limit: u32,
    },
    /// The source's chain has no more work than the ledger's, of which it lacks blocks.
    #[error(
        "the node is behind, or on another chain: its chain ends at block {node}, the ledger's at block {height}, and it has no more work; \
         {undone} blocks would be undone"
    )]
    LessWork {
        /// The height of the ledger's chain.
        height: u32,
        /// The height of the source's.
        node: u32,
        /// How many of the ledger's blocks the source does not have.
        undone: u32,
    },
    /// The chain changed again and again while it was read.
    #[error("the best chain keeps changing")]
    Unstable,
    /// The chain source tells what cannot be.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The chain source failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for SyncError {
    fn exit(&self) -> Exit {
        match self {
            SyncError::NoWallets => Exit::Usage,
            SyncError::OtherChain { .. } | SyncError::TooDeep { .. } => Exit::Conflict,
            SyncError::Unstable | SyncError::LessWork { .. } => Exit::ChainNotReady,
            SyncError::Proof(error) => error.exit(),
            SyncError::Chain(error) => error.exit(),
            SyncError::Store(error) => error.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            SyncError::NoWallets => "no-wallets",
            SyncError::OtherChain { .. } => "other-chain",
            SyncError::TooDeep { .. } => "reorganisation-too-deep",
            SyncError::LessWork { .. } => "less-work",
            SyncError::Unstable => "chain-unstable",
            SyncError::Proof(error) => error.code(),
            SyncError::Chain(error) => error.code(),
            SyncError::Store(error) => error.code(),
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            SyncError::NoWallets => Remedy::ImportWalletFirst,
            SyncError::OtherChain { .. } => Remedy::FolderForChain,
            SyncError::TooDeep { .. } => Remedy::CheckNodeThenRescan,
            SyncError::LessWork { .. } => Remedy::AcceptLessWork,
            SyncError::Unstable => Remedy::TryAgain,
            SyncError::Proof(error) => error.remedy(),
            SyncError::Chain(error) => error.remedy(),
            SyncError::Store(error) => error.remedy(),
        }
    }
}
