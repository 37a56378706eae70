//! Work on a vault's files that needs no key: checking them, putting an intact one back, deleting
//! old ones.

use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::jobs::store_failure;
use crate::store::{self, FileReport, LockedVault, PrunePlan, VaultPath};

pub(crate) use crate::store::{FileFacts, Repaired};

/// What was found of vault files.
pub(crate) struct Checked {
    /// Each file, and what is told of it without a key.
    pub(crate) files: Vec<(PathBuf, Result<FileFacts, Failure>)>,
    /// Whether the vault itself can be opened; of single files nothing is said.
    pub(crate) vault: Result<(), Failure>,
}

/// Checks a vault and its earlier generations for damage.
pub(crate) fn check_vault(vault: &Path) -> Result<Checked, Failure> {
    let survey = VaultPath::new(vault)?.survey()?;
    Ok(Checked {
        vault: survey.current().map(|_| ()).map_err(store_failure),
        files: survey.reports().into_iter().map(facts).collect(),
    })
}

/// Checks single files for damage.
pub(crate) fn check_files(files: &[PathBuf]) -> Checked {
    Checked {
        files: files
            .iter()
            .map(|file| facts(store::verify(file)))
            .collect(),
        vault: Ok(()),
    }
}

fn facts(report: FileReport) -> (PathBuf, Result<FileFacts, Failure>) {
    (report.path, report.outcome.map_err(store_failure))
}

/// Puts the newest intact generation back in the vault's place, or the file that was chosen.
pub(crate) fn repair(vault: &Path, chosen: Option<&Path>) -> Result<Repaired, Failure> {
    Ok(VaultPath::new(vault)?.lock()?.repair(chosen)?)
}

/// Old generations that can be deleted; the vault stays locked meanwhile.
pub(crate) struct Pruning {
    lock: LockedVault,
    plan: PrunePlan,
}

impl Pruning {
    /// Finds what goes where the newest `keep` files stay.
    pub(crate) fn new(vault: &Path, keep: usize) -> Result<Self, Failure> {
        let lock = VaultPath::new(vault)?.lock()?;
        let plan = lock.plan_prune(keep)?;
        Ok(Pruning { lock, plan })
    }

    /// Returns the files that stay, with their generations.
    pub(crate) fn stay(&self) -> &[(PathBuf, u64)] {
        self.plan.stay()
    }

    /// Returns the files that go, with their generations.
    pub(crate) fn go(&self) -> &[(PathBuf, u64)] {
        self.plan.go()
    }

    /// Deletes them.
    pub(crate) fn delete(&self) -> Result<(), Failure> {
        Ok(self.lock.prune(&self.plan)?)
    }
}
