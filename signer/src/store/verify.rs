//! Checking files without any passphrase.

use std::path::{Path, PathBuf};

use cofferdam_core::seal::{SlotFacts, VaultError, VaultFile, VaultId};

use super::StoreError;
use super::durable::Contents;
use super::survey::{invalid, read_bytes};

/// What `verify` tells of one file.
#[derive(Debug)]
pub(crate) struct FileReport {
    /// The file.
    pub(crate) path: PathBuf,
    /// What it is, or why it is refused.
    pub(crate) outcome: Result<FileFacts, StoreError>,
}

/// What anyone can read of an intact vault file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// The vault's identity.
    pub(crate) vault_id: VaultId,
    /// The generation.
    pub(crate) generation: u64,
    /// Its slots.
    pub(crate) slots: Vec<SlotFacts>,
    /// The file's length in bytes.
    pub(crate) len: u64,
}

/// Checks one file by itself: magic, lengths, bounds and checksum. Needs no lock and no passphrase.
pub(crate) fn verify(path: &Path) -> FileReport {
    FileReport {
        path: path.to_path_buf(),
        outcome: read_vault(path).map(|file| facts(&file)),
    }
}

/// Reads one vault file.
pub(super) fn read_vault(path: &Path) -> Result<VaultFile, StoreError> {
    match read_bytes(path)? {
        Contents::Bytes(bytes) => VaultFile::parse(bytes).map_err(|error| invalid(path, &error)),
        Contents::TooLong(found) => Err(invalid(path, &VaultError::TooLong { found })),
    }
}

pub(super) fn facts(file: &VaultFile) -> FileFacts {
    FileFacts {
        vault_id: file.vault_id(),
        generation: file.generation(),
        slots: file.slots(),
        len: file.as_bytes().len() as u64,
    }
}
