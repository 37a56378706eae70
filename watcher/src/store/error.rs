//! What can go wrong with the ledger's file.

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// The ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no database, or its contents contradict themselves.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// A newer program wrote the tables.
    #[error("the ledger has format version {found}; this program knows up to {known}")]
    Newer {
        /// The version in the file.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// Another process writes and does not finish.
    #[error("another process is writing to the ledger")]
    Locked,
    /// Another process holds the lease.
    #[error("another process holds the {lease} lease: {holder}")]
    LeaseHeld {
        /// The lease's name.
        lease: &'static str,
        /// Who holds it.
        holder: String,
    },
    /// This process held the lease, and lost it to another one.
    #[error("this process lost the {lease} lease to {holder}")]
    LeaseLost {
        /// The lease's name.
        lease: &'static str,
        /// Who holds it now.
        holder: String,
    },
    /// The disk is full, or the file cannot be opened or written.
    #[error("cannot read or write the ledger: {0}")]
    Storage(String),
    /// A query failed for a reason that is no fault of the file.
    #[error("unexpected database failure: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// A row that this program cannot have written.
    pub fn damaged(what: impl Into<String>) -> Self {
        StoreError::Damaged(what.into())
    }
}

impl Coded for StoreError {
    fn exit(&self) -> Exit {
        match self {
            StoreError::Damaged(_) => Exit::Damaged,
            StoreError::Newer { .. } => Exit::Malformed,
            StoreError::Locked | StoreError::LeaseHeld { .. } | StoreError::LeaseLost { .. } => {
                Exit::Busy
            }
            StoreError::Storage(_) => Exit::Storage,
            StoreError::Unexpected(_) => Exit::Unexpected,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            StoreError::Damaged(_) => "ledger-damaged",
            StoreError::Newer { .. } => "ledger-newer",
            StoreError::Locked => "ledger-locked",
            StoreError::LeaseHeld { .. } => "lease-held",
            StoreError::LeaseLost { .. } => "lease-lost",
            StoreError::Storage(_) => "ledger-storage",
            StoreError::Unexpected(_) => "ledger-unexpected",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            StoreError::Damaged(_) => Remedy::RebuildLedger,
            StoreError::Newer { .. } => Remedy::UseNewerProgram,
            StoreError::Locked | StoreError::LeaseHeld { .. } => Remedy::WaitForLease,
            StoreError::LeaseLost { .. } => Remedy::LeftToOther,
            StoreError::Storage(_) => Remedy::FreeSpaceForFiles,
            StoreError::Unexpected(_) => Remedy::Report,
        }
    }
}

impl From<cofferdam_core::wallet::DeriveError> for StoreError {
    fn from(error: cofferdam_core::wallet::DeriveError) -> Self {
        StoreError::Unexpected(format!("cannot derive scripts: {error}"))
    }
}
