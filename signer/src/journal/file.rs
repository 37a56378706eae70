//! The journal's file.

use std::path::{Path, PathBuf};

use cofferdam_core::seal::{Kernel, RandomUnavailable, VaultId};

use super::entry::Entry;
use super::key::JournalKey;
use super::log::{Checkpoint, Log, LogError};
use super::record::{self, MAGIC};
use crate::store::{Appended, StoreError};

/// The longest journal of a vault: some four million transactions.
const MAX_JOURNAL: u64 = 4 << 30;

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
    /// It cannot be read or written, or is not what was opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// The journal of an unlocked vault.
pub(crate) struct Journal {
    file: Appended,
    key: JournalKey,
    log: Log,
}

impl Journal {
    /// The journal of a vault that is being made.
    pub(crate) fn create(path: PathBuf, key: JournalKey, vault_id: VaultId) -> Self {
        Journal {
            file: Appended::absent(path),
            key,
            log: Log::empty(vault_id),
        }
    }

    /// Reads the journal and holds it against what the vault remembers.
    ///
    /// # Errors
    ///
    /// When it is shorter than the checkpoint, or another one. Longer is a crash after a record was
    /// written, and accepted.
    pub(crate) fn open(
        path: PathBuf,
        key: JournalKey,
        vault_id: VaultId,
        checkpoint: &Checkpoint,
    ) -> Result<Self, JournalError> {
        let (file, bytes) = Appended::read(&path, MAX_JOURNAL, &MAGIC[..7])?;
        let log = match bytes {
            Some(bytes) if checkpoint.count == 0 && is_cut_short_at_birth(&bytes, vault_id) => {
                Log::empty(vault_id)
            }
            Some(bytes) => Log::parse(&key, &bytes).map_err(|error| JournalError::Damaged {
                path: path.clone(),
                error,
            })?,
            None if checkpoint.count == 0 => Log::empty(vault_id),
            None => {
                return Err(JournalError::Missing {
                    path,
                    count: checkpoint.count,
                });
            }
        };
        accept(&path, &log, vault_id, checkpoint)?;
        Ok(Journal { file, key, log })
    }

    /// Returns what it says.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Returns its file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Proves that the file is what was read or written last.
    ///
    /// # Errors
    ///
    /// When something else wrote to it, or put another in its place.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.file.check()
    }

    /// Appends entries, durably, all of them or none. What a cut write left at the end is moved to
    /// a file of its own.
    ///
    /// # Errors
    ///
    /// When the file is not what was read, or cannot be written: nothing is cut off or added then.
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
        self.file.append(self.log.intact_len(), &bytes)?;
        for (entry, record) in records {
            self.log.push(entry, &record);
        }
        Ok(())
    }
}

/// Tells whether a journal's very first write was cut off: a part of the header, or a page that was
/// never filled.
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
