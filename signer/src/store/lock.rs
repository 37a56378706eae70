//! A vault that this process may write.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use cofferdam_core::seal::VaultFile;

use super::durable::{self, Contents, Temporary, identity_of, is_taken, open_or_make};
use super::{StoreError, Survey, VaultPath};

/// How often a lock is taken anew whose file was deleted between opening and locking it.
const TRIES: usize = 8;

/// The lock on a vault, held until dropped (or the process ends, however it ends).
///
/// The lock is on `V.lock`, never on `V`, which a write replaces. A forked child that inherits it
/// holds it too: fork first.
#[derive(Debug)]
pub(crate) struct LockedVault {
    path: VaultPath,
    lock: File,
}

impl VaultPath {
    /// Locks the vault for this process; the vault itself need not exist yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] at once when another process holds it.
    pub(crate) fn lock(&self) -> Result<LockedVault, StoreError> {
        let path = self.lock_file();
        for _ in 0..TRIES {
            let lock = open_or_make(&path)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Busy(self.vault().to_path_buf()));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path)(error));
                }
            }
            let held = LockedVault {
                path: self.clone(),
                lock,
            };
            match held.check() {
                Err(StoreError::LockLost(_)) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(held),
            }
        }
        Err(StoreError::LockLost(path))
    }

    /// Proves that `V` is `present`, to the last byte.
    ///
    /// # Errors
    ///
    /// [`StoreError::Changed`] when it is not.
    pub(crate) fn require_current(&self, present: &VaultFile) -> Result<(), StoreError> {
        match super::survey::read_bytes(self.vault()) {
            Ok(Contents::Bytes(bytes)) if bytes == present.as_bytes() => Ok(()),
            Err(error @ StoreError::Io { .. }) => Err(error),
            _ => Err(StoreError::Changed(self.vault().to_path_buf())),
        }
    }
}

impl LockedVault {
    /// Returns the names of the vault's files.
    pub(crate) fn path(&self) -> &VaultPath {
        &self.path
    }

    /// Proves that the lock still keeps others away: its name leads to the file that is held.
    ///
    /// # Errors
    ///
    /// [`StoreError::LockLost`] when it was deleted or replaced, by itself or with its folder.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let path = self.path.lock_file();
        let held = self
            .lock
            .metadata()
            .map_err(StoreError::io("look at", &path))?;
        let named = match path.symlink_metadata() {
            Ok(metadata) => Some(identity_of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(StoreError::io("look at", &path)(error)),
        };
        match named == Some(identity_of(&held)) {
            true => Ok(()),
            false => Err(StoreError::LockLost(path)),
        }
    }

    /// Proves that the lock is held and `V` is `present`, to the last byte.
    ///
    /// # Errors
    ///
    /// [`StoreError::LockLost`] or [`StoreError::Changed`].
    pub(crate) fn check_vault(&self, present: &VaultFile) -> Result<(), StoreError> {
        self.check()?;
        self.path.require_current(present)
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
        self.check()?;
        let placed =
            Temporary::write(self.path.temporary(), file.as_bytes())?.place_new(self.path.vault());
        placed.map_err(|error| match error {
            StoreError::NameTaken(path) => StoreError::Exists(path),
            other => other,
        })
    }

    /// Checks that [`LockedVault::create`] would find nothing in its way, so that no key derivation
    /// is spent in vain.
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

    /// Replaces the vault, which is `present`, by a later generation, durably, and keeps `present`
    /// as `V.<generation>`; where that name is taken by something else, as `V.aside.<k>`.
    ///
    /// When this returns, the new vault survives a power cut. On an error the old vault stands (or
    /// the new one, if only the last fsync failed), whole.
    ///
    /// # Errors
    ///
    /// When the lock is lost, or the vault that stands is not `present`, is another vault or not
    /// older than `file`.
    pub(crate) fn write(&self, present: &VaultFile, file: &VaultFile) -> Result<(), StoreError> {
        self.check_vault(present)?;
        let survey = self.survey()?;
        if survey.current()? != present
            || present.vault_id() != file.vault_id()
            || present.generation() >= file.generation()
        {
            return Err(StoreError::Changed(self.path.vault().to_path_buf()));
        }
        let keep_as = self.path.generation(present.generation());
        if survey.holds(&keep_as, present) {
            return self.replace(Some(present), file, None);
        }
        let keep_as = match is_taken(&keep_as)? {
            true => self.path.aside(survey.free_aside()),
            false => keep_as,
        };
        self.replace(Some(present), file, Some((present.as_bytes(), &keep_as)))
    }

    /// Makes `file` the vault. `keep` is the present content and the free name that it gets;
    /// `present` is proven to stand right before it is replaced.
    pub(super) fn replace(
        &self,
        present: Option<&VaultFile>,
        file: &VaultFile,
        keep: Option<(&[u8], &Path)>,
    ) -> Result<(), StoreError> {
        let vault = self.path.vault();
        if let Some((bytes, name)) = keep {
            durable::keep(vault, bytes, name, self.path.temporary())?;
        }
        Temporary::write(self.path.temporary(), file.as_bytes())?.replace(vault, || match present {
            Some(present) => self.check_vault(present),
            None => self.check(),
        })
    }
}
