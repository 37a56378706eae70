//! What keeps the rehearsal chain from answering.

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// The rehearsal chain's file cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalError {
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

impl Coded for RehearsalError {
    fn exit(&self) -> Exit {
        match self {
            RehearsalError::Storage(_) => Exit::Storage,
            RehearsalError::Newer { .. } => Exit::Malformed,
            RehearsalError::Damaged(_) => Exit::Damaged,
            RehearsalError::Locked => Exit::Busy,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RehearsalError::Storage(_) => "rehearsal-storage",
            RehearsalError::Newer { .. } => "rehearsal-newer",
            RehearsalError::Damaged(_) => "rehearsal-damaged",
            RehearsalError::Locked => "rehearsal-locked",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            RehearsalError::Storage(_) => Remedy::FreeSpace,
            RehearsalError::Newer { .. } => Remedy::UseNewerProgram,
            RehearsalError::Damaged(_) => Remedy::RestoreRehearsal,
            RehearsalError::Locked => Remedy::WaitThenTryAgain,
        }
    }
}
