//! Deleting earlier generations: the only deletion there is.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::durable::sync_folder;
use super::{LockedVault, StoreError};

/// What `prune` would delete; made by [`LockedVault::plan_prune`] alone, so that what is shown is
/// what is deleted.
#[derive(Debug)]
pub(crate) struct PrunePlan {
    stay: Vec<(PathBuf, u64)>,
    go: Vec<(PathBuf, u64)>,
}

impl PrunePlan {
    /// Returns the files that stay, `V` first, newest first, with their generations.
    pub(crate) fn stay(&self) -> &[(PathBuf, u64)] {
        &self.stay
    }

    /// Returns the files that go, newest first, with their generations.
    pub(crate) fn go(&self) -> &[(PathBuf, u64)] {
        &self.go
    }
}

impl LockedVault {
    /// Plans to keep `keep` files, `V` counted: at least two. Only intact files of this vault named
    /// by their own generation are ever among those that go.
    ///
    /// # Errors
    ///
    /// When `keep` is less than two, or the vault is not sound.
    pub(crate) fn plan_prune(&self, keep: usize) -> Result<PrunePlan, StoreError> {
        if keep < 2 {
            return Err(StoreError::KeepTooFew(keep));
        }
        let survey = self.survey()?;
        let present = survey.current()?;
        let mut stay = vec![(self.path().vault().to_path_buf(), present.generation())];
        let mut go = Vec::new();
        for kept in survey.kept() {
            let generation = kept.file.generation();
            let is_named_by_it = survey.number(&kept.name) == Some(generation);
            let is_regular = kept
                .name
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_file());
            // A copy of the vault itself, as a killed write leaves, is no second file, and no
            // earlier one to delete.
            if !is_named_by_it || !is_regular || generation == present.generation() {
                continue;
            }
            if stay.len() < keep {
                &mut stay
            } else {
                &mut go
            }
            .push((kept.name.clone(), generation));
        }
        Ok(PrunePlan { stay, go })
    }

    /// Deletes what the plan says, oldest first, durably. The operator has confirmed it.
    ///
    /// # Errors
    ///
    /// When a file cannot be deleted; older ones are gone by then.
    pub(crate) fn prune(&self, plan: &PrunePlan) -> Result<(), StoreError> {
        self.check()?;
        for (path, _) in plan.go.iter().rev() {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("delete", path)(error));
                }
                _ => {}
            }
        }
        sync_folder(self.path().vault())
    }
}
