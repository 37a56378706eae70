//! The journal's file.

use std::io;
use std::path::{Path, PathBuf};

use cofferdam_core::seal::{Kernel, RandomUnavailable, VaultId};

use super::entry::Entry;
use super::key::JournalKey;
use super::log::{Checkpoint, Log, LogError};
use super::record;
use crate::store::{self, StoreError};

/// The journal is damaged, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The file is not there, and the vault remembers records.
    #[error("the journal {} is missing, and the vault remembers {count} records of it", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// How many records the vault remembers.
        count: u64,
    },
    /// The file cannot be read.
    #[error("cannot read the journal {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is damaged.
    #[error("{}: {error}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: LogError,
    },
    /// The file belongs to another vault.
    #[error("the journal {} belongs to vault {found}, not to {expected}", path.display())]
    OtherVault {
        /// The file.
        path: PathBuf,
        /// This vault.
        expected: VaultId,
        /// The vault that the file names.
        found: VaultId,
    },
    /// Records are missing at the end.
    #[error("the journal {} has {found} intact records, and the vault remembers {expected}", path.display())]
    Shorter {
        /// The file.
        path: PathBuf,
        /// How many the vault remembers.
        expected: u64,
        /// How many are there.
        found: u64,
    },
    /// The records are not those that the vault remembers.
    #[error("the journal {} is not the one that the vault remembers: they part by record {count}", path.display())]
    Forked {
        /// The file.
        path: PathBuf,
        /// The checkpoint's count.
        count: u64,
    },
    /// It cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// The journal of an unlocked vault.
pub(crate) struct Journal {
    path: PathBuf,
    key: JournalKey,
    log: Log,
}

impl Journal {
    /// The journal of a vault that is being made.
    pub(crate) fn create(path: PathBuf, key: JournalKey, vault_id: VaultId) -> Self {
        Journal {
            path,
            key,
            log: Log::empty(vault_id),
        }
    }

    /// Reads the journal and holds it against what the vault remembers.
    ///
    /// # Errors
    ///
    /// When it is shorter than the checkpoint, or another one. Longer is a crash after a record was written, and accepted.
    pub(crate) fn open(
        path: PathBuf,
        key: JournalKey,
        vault_id: VaultId,
        checkpoint: &Checkpoint,
    ) -> Result<Self, JournalError> {
        let log = match std::fs::read(&path) {
            Ok(bytes) if checkpoint.count == 0 && is_cut_short_at_birth(&bytes, vault_id) => {
                Log::empty(vault_id)
            }
            Ok(bytes) => Log::parse(&key, &bytes).map_err(|error| JournalError::Damaged {
                path: path.clone(),
                error,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && checkpoint.count == 0 => {
                Log::empty(vault_id)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(JournalError::Missing {
                    path,
                    count: checkpoint.count,
                });
            }
            Err(source) => return Err(JournalError::Read { path, source }),
        };
        accept(&path, &log, vault_id, checkpoint)?;
        Ok(Journal { path, key, log })
    }

    /// Returns what it says.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Returns its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends entries, durably, all of them or none. What a cut write left at the end is cut off.
    pub(crate) fn append(
        &mut self,
        entries: Vec<Entry>,
        kernel: &mut Kernel<'_>,
    ) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        if self.log.intact_len() == 0 {
            bytes.extend(record::header(self.log.vault_id()));
        }
        let mut link = self.log.next();
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            let record = record::seal(&self.key, &link, &entry, kernel)?;
            link.sequence += 1;
            link.previous = record::hash(&[&record::header(link.vault_id), &record]);
            bytes.extend(&record);
            records.push((entry, record));
        }
        store::append(&self.path, self.log.intact_len(), &bytes)?;
        for (entry, record) in records {
            self.log.push(entry, &record);
        }
        Ok(())
    }
}

/// Tells whether a journal's very first write was cut off: a part of the header, or a page that was never filled.
fn is_cut_short_at_birth(bytes: &[u8], vault_id: VaultId) -> bool {
    let header = record::header(vault_id);
    bytes.len() < header.len() && header.starts_with(bytes) || bytes.iter().all(|byte| *byte == 0)
}

/// Checks that `log` is the journal that the vault remembers, or a longer one.
pub(crate) fn accept(
    path: &Path,
    log: &Log,
    vault_id: VaultId,
    checkpoint: &Checkpoint,
) -> Result<(), JournalError> {
    let path = || path.to_path_buf();
    if log.vault_id() != vault_id {
        return Err(JournalError::OtherVault {
            path: path(),
            expected: vault_id,
            found: log.vault_id(),
        });
    }
    match log.head_at(checkpoint.count) {
        None => Err(JournalError::Shorter {
            path: path(),
            expected: checkpoint.count,
            found: log.count(),
        }),
        // A vault that was never written after a journal's first record has no head to compare.
        Some(_) if checkpoint.count == 0 => Ok(()),
        Some(head) if head != checkpoint.head => Err(JournalError::Forked {
            path: path(),
            count: checkpoint.count,
        }),
        Some(_) => Ok(()),
    }
}
