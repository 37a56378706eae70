//! A vault that this process may write.

use std::fs::{File, TryLockError};
use std::path::Path;

use cofferdam_core::seal::VaultFile;

use super::durable::{self, Temporary, open_or_make};
use super::{StoreError, Survey, VaultPath};

/// The lock on a vault, held until dropped (or the process ends, however it ends).
///
/// The lock is on `V.lock`, never on `V`, which a write replaces. A forked child that inherits it holds it too: fork first.
#[derive(Debug)]
pub(crate) struct LockedVault {
    path: VaultPath,
    _lock: File,
}

impl VaultPath {
    /// Locks the vault for this process; the vault itself need not exist yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] at once when another process holds it.
    pub(crate) fn lock(&self) -> Result<LockedVault, StoreError> {
        let path = self.lock_file();
        let lock = open_or_make(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(LockedVault {
                path: self.clone(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy(self.vault().to_path_buf())),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        }
    }
}

impl LockedVault {
    /// Returns the names of the vault's files.
    pub(crate) fn path(&self) -> &VaultPath {
        &self.path
    }

    /// Reads the vault and its earlier generations.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub(crate) fn survey(&self) -> Result<Survey, StoreError> {
        self.path.survey()
    }

    /// Writes the first file of a vault, durably.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] when the vault, a generation of it or its journal is there.
    pub(crate) fn create(&self, file: &VaultFile) -> Result<(), StoreError> {
        self.require_free()?;
        let placed = Temporary::write(self.path.temporary(), file.as_bytes())?.place_new(self.path.vault());
        placed.map_err(|error| match error {
            StoreError::NameTaken(path) => StoreError::Exists(path),
            other => other,
        })
    }

    /// Checks that [`LockedVault::create`] would find nothing in its way, so that no key derivation is spent in vain.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] when the vault, a generation of it or its journal is there.
    pub(crate) fn require_free(&self) -> Result<(), StoreError> {
        if let Some(report) = self.survey()?.reports().into_iter().next() {
            return Err(match report.outcome {
                Err(error @ StoreError::Io { .. }) => error,
                _ => StoreError::Exists(report.path),
            });
        }
        let journal = self.path.journal();
        if durable::is_taken(&journal)? {
            Err(StoreError::Exists(journal))
        } else {
            Ok(())
        }
    }

    /// Replaces the vault by a later generation, durably, and keeps the present one as `V.<generation>`.
    ///
    /// When this returns, the new vault survives a power cut. On an error the old vault stands (or the new one, if only
    /// the last fsync failed), whole.
    ///
    /// # Errors
    ///
    /// When the vault that stands is not sound (see [`Survey::current`]), is another vault or not older than `file`.
    pub(crate) fn write(&self, file: &VaultFile) -> Result<(), StoreError> {
        let survey = self.survey()?;
        let present = survey.current()?;
        if present.vault_id() != file.vault_id() || present.generation() >= file.generation() {
            return Err(StoreError::Changed(self.path.vault().to_path_buf()));
        }
        let keep_as = self.path.generation(present.generation());
        let kept = survey.holds(&keep_as, present);
        self.replace(file, (!kept).then_some((present.as_bytes(), keep_as.as_path())))
    }

    /// Makes `file` the vault. `keep` is the present content and the free name that it gets.
    pub(super) fn replace(&self, file: &VaultFile, keep: Option<(&[u8], &Path)>) -> Result<(), StoreError> {
        let vault = self.path.vault();
        if let Some((bytes, name)) = keep {
            durable::keep(vault, bytes, name, self.path.temporary())?;
        }
        Temporary::write(self.path.temporary(), file.as_bytes())?.replace(vault)
    }
}
