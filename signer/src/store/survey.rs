//! The vault and its earlier generations, as they lie on the disk.

use std::path::{Path, PathBuf};

use cofferdam_core::seal::{
    Conflict, Credential, Damaged, Intact, MAX_FILE_LEN, MAX_GENERATION, OpenVault, OutOfMemory,
    Ranking, VaultError, VaultFile, VaultId, opened_by, rank,
};

use super::durable::{Contents, read};
use super::path::KeptName;
use super::verify::facts;
use super::{FileReport, StoreError, VaultPath};
use crate::folder;

/// What was found at one time; read without the lock it is still consistent, since `V` is only ever
/// replaced whole.
#[derive(Debug)]
pub(crate) struct Survey {
    path: VaultPath,
    /// `V` and every `V.<generation>`, `V` first among those of one generation.
    ranking: Ranking<PathBuf>,
    /// Those of them that could not be read.
    unreadable: Vec<(PathBuf, StoreError)>,
    /// The intact `V.aside.<k>`.
    aside: Vec<(PathBuf, VaultFile)>,
    aside_numbers: Vec<u64>,
}

impl VaultPath {
    /// Reads `V`, every `V.<generation>` and every `V.aside.<k>`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed. A file that cannot be read or is damaged is part of the
    /// result.
    pub(crate) fn survey(&self) -> Result<Survey, StoreError> {
        let mut generations = Vec::new();
        let mut asides = Vec::new();
        let names = folder::names(self.folder()).map_err(StoreError::io("list", self.folder()))?;
        for name in names {
            match self.parse_name(&name) {
                Some(KeptName::Generation(number)) => generations.push(number),
                Some(KeptName::Aside(number)) => asides.push(number),
                None => {}
            }
        }
        generations.sort_unstable();
        asides.sort_unstable();

        // `V` is read last: a writer at work meanwhile can then only make it newer than what is
        // kept.
        let kept = generations
            .iter()
            .map(|&generation| self.generation(generation));
        let kept: Vec<_> = kept.map(|path| (read_bytes(&path), path)).collect();
        let vault = (read_bytes(self.vault()), self.vault().to_path_buf());
        let mut candidates = Vec::new();
        let mut too_long = Vec::new();
        let mut unreadable = Vec::new();
        for (contents, path) in std::iter::once(vault).chain(kept) {
            match contents {
                Ok(Contents::Bytes(bytes)) => candidates.push((path, bytes)),
                Ok(Contents::TooLong(found)) => {
                    too_long.push(Damaged {
                        name: path,
                        error: VaultError::TooLong { found },
                    });
                }
                Err(StoreError::Missing(_)) => {}
                Err(error) => unreadable.push((path, error)),
            }
        }
        let mut ranking = rank(candidates);
        ranking.damaged.extend(too_long);
        let aside = asides
            .iter()
            .map(|&number| self.aside(number))
            .filter_map(|path| match read_bytes(&path) {
                Ok(Contents::Bytes(bytes)) => VaultFile::parse(bytes).ok().map(|file| (path, file)),
                _ => None,
            })
            .collect();
        Ok(Survey {
            path: self.clone(),
            ranking,
            unreadable,
            aside,
            aside_numbers: asides,
        })
    }
}

impl Survey {
    /// Returns the vault to open: `V`, if it is intact, the newest of its vault, and
    /// uncontradicted.
    ///
    /// # Errors
    ///
    /// When it is missing, damaged, of a later format, rolled back, or in conflict with another
    /// intact file.
    pub(crate) fn current(&self) -> Result<&VaultFile, StoreError> {
        let present = self.vault()?;
        self.require_known_formats()?;
        match self.plausible(self.of(present.vault_id())).newest() {
            Err(conflict) => Err(conflict.into()),
            Ok(Some(newest)) if newest.file.generation() > present.generation() => {
                Err(StoreError::RolledBack {
                    path: self.path.vault().to_path_buf(),
                    generation: present.generation(),
                    newer: newest.name.clone(),
                    newer_generation: newest.file.generation(),
                })
            }
            Ok(_) => Ok(present),
        }
    }

    /// Returns the earlier generations of the same vault that are intact, newest first, with their
    /// paths. `V` is not among them.
    pub(crate) fn kept(&self) -> Vec<&Intact<PathBuf>> {
        let vault_id = self.vault().ok().map(VaultFile::vault_id);
        let others = self
            .ranking
            .intact
            .iter()
            .filter(|intact| intact.name != self.path.vault());
        others
            .filter(|intact| vault_id.is_none_or(|id| id == intact.file.vault_id()))
            .collect()
    }

    /// Returns the files that are named like an earlier generation and are none of this vault's:
    /// empty, damaged, another vault's, of a generation that no writing comes to, or nothing that
    /// can be read.
    pub(crate) fn foreign(&self) -> Vec<&Path> {
        let Ok(present) = self.vault() else {
            return Vec::new();
        };
        let stranger = |file: &VaultFile| {
            file.vault_id() != present.vault_id()
                || (file.generation() > MAX_GENERATION && present.generation() <= MAX_GENERATION)
        };
        let intact = self
            .ranking
            .intact
            .iter()
            .filter(|intact| stranger(&intact.file));
        let damaged = self.ranking.damaged.iter().map(|damaged| &damaged.name);
        let unreadable = self.unreadable.iter().map(|(path, _)| path);
        let names = intact
            .map(|intact| &intact.name)
            .chain(damaged)
            .chain(unreadable);
        names.map(PathBuf::as_path).collect()
    }

    /// Returns the report on every file but those set aside, `V` first: for `verify` without
    /// arguments, and to warn of damaged ones.
    pub(crate) fn reports(&self) -> Vec<FileReport> {
        let intact = self.ranking.intact.iter().map(|intact| FileReport {
            path: intact.name.clone(),
            outcome: Ok(facts(&intact.file)),
        });
        let damaged = self.ranking.damaged.iter().map(|damaged| FileReport {
            path: damaged.name.clone(),
            outcome: Err(invalid(&damaged.name, &damaged.error)),
        });
        let unreadable = self.unreadable.iter().map(|(path, error)| FileReport {
            path: path.clone(),
            outcome: Err(error.clone()),
        });
        let mut reports: Vec<_> = intact.chain(damaged).chain(unreadable).collect();
        reports.sort_by_key(|report| report.path != self.path.vault());
        reports
    }

    /// Returns the next generation: 1 + the highest that is authenticated, among the files that
    /// `open`'s data key sealed and `known`, what the vault that was opened and its journal say.
    /// Names, and files that nobody vouches for, count nothing.
    ///
    /// # Errors
    ///
    /// When that is more than writing comes to.
    pub(crate) fn next_generation(&self, open: &OpenVault, known: u64) -> Result<u64, StoreError> {
        let highest = self.highest_plausible(open).max(known);
        if highest >= MAX_GENERATION {
            return Err(StoreError::Implausible {
                path: self.path.vault().to_path_buf(),
                generation: highest,
            });
        }
        Ok(highest + 1)
    }

    /// Returns the highest generation that writing comes to, among the files that `open`'s data key
    /// sealed; 0 without any.
    pub(crate) fn highest_plausible(&self, open: &OpenVault) -> u64 {
        let files = self.ranking.intact.iter().map(|intact| &intact.file);
        let files = files.chain(self.aside.iter().map(|(_, file)| file));
        files
            .filter(|file| file.generation() < MAX_GENERATION && open.has_sealed(file))
            .map(VaultFile::generation)
            .max()
            .unwrap_or(0)
    }

    /// Returns the older files (`V.<generation>` and `V.aside.<k>`) that `credential` opens; made
    /// anew after a write, for `passphrase` to tell what the former passphrase still opens.
    ///
    /// Costs one key derivation for each distinct slot.
    ///
    /// # Errors
    ///
    /// When the key derivation finds not enough memory.
    pub(crate) fn older_opened_by(
        &self,
        credential: &Credential,
    ) -> Result<Vec<PathBuf>, OutOfMemory> {
        let kept = self
            .kept()
            .into_iter()
            .map(|intact| (&intact.name, &intact.file));
        let older: Vec<_> = kept
            .chain(self.aside.iter().map(|(path, file)| (path, file)))
            .collect();
        let files: Vec<_> = older.iter().map(|(_, file)| *file).collect();
        let opened = opened_by(&files, credential)?;
        Ok(older
            .iter()
            .zip(opened)
            .filter(|(_, opened)| *opened)
            .map(|((path, _), _)| (*path).clone())
            .collect())
    }

    /// Returns `V`, if it is intact.
    pub(super) fn vault(&self) -> Result<&VaultFile, StoreError> {
        let path = self.path.vault();
        if let Some(intact) = self
            .ranking
            .intact
            .iter()
            .find(|intact| intact.name == path)
        {
            return Ok(&intact.file);
        }
        if let Some(damaged) = self
            .ranking
            .damaged
            .iter()
            .find(|damaged| damaged.name == path)
        {
            return Err(invalid(path, &damaged.error));
        }
        if let Some((_, error)) = self
            .unreadable
            .iter()
            .find(|(unreadable, _)| unreadable == path)
        {
            return Err(error.clone());
        }
        let nothing_kept = self.ranking.intact.is_empty()
            && self.ranking.damaged.is_empty()
            && self.unreadable.is_empty();
        let path = path.to_path_buf();
        Err(if nothing_kept {
            StoreError::Missing(path)
        } else {
            StoreError::MissingButKept(path)
        })
    }

    /// Refuses to go on beside a file of a later format: a later program has written since.
    pub(super) fn require_known_formats(&self) -> Result<(), StoreError> {
        let newer =
            |damaged: &&Damaged<PathBuf>| matches!(damaged.error, VaultError::NewerFormat { .. });
        match self.ranking.damaged.iter().find(newer) {
            Some(damaged) => Err(invalid(&damaged.name, &damaged.error)),
            None => Ok(()),
        }
    }

    /// Returns the intact candidates of one vault.
    pub(super) fn of(&self, vault_id: VaultId) -> Ranking<PathBuf> {
        let ours = self
            .ranking
            .intact
            .iter()
            .filter(|intact| intact.file.vault_id() == vault_id);
        Ranking {
            intact: ours.cloned().collect(),
            damaged: Vec::new(),
        }
    }

    /// Leaves out generations that no writing comes to: an earlier program took them from names, or
    /// somebody made the file up. Where `V` itself has one, or nothing else is left, they stay.
    pub(super) fn plausible(&self, mut ranking: Ranking<PathBuf>) -> Ranking<PathBuf> {
        let is_plausible = |file: &VaultFile| file.generation() <= MAX_GENERATION;
        let others = ranking
            .intact
            .iter()
            .any(|intact| is_plausible(&intact.file));
        if others && self.vault().map_or(true, is_plausible) {
            ranking.intact.retain(|intact| is_plausible(&intact.file));
        }
        ranking
    }

    pub(super) fn ranking(&self) -> &Ranking<PathBuf> {
        &self.ranking
    }

    pub(super) fn unreadable(&self) -> &[(PathBuf, StoreError)] {
        &self.unreadable
    }

    /// Tells whether the file of this name is intact and the very same.
    pub(super) fn holds(&self, path: &Path, file: &VaultFile) -> bool {
        self.ranking
            .intact
            .iter()
            .any(|intact| intact.name == path && intact.file == *file)
    }

    /// Returns the first free number for a file to be set aside.
    pub(super) fn free_aside(&self) -> u64 {
        self.free_aside_after(0)
    }

    /// Returns the first free number after one that was just taken.
    pub(super) fn free_aside_after(&self, taken: u64) -> u64 {
        (taken + 1..)
            .find(|number| self.aside_numbers.binary_search(number).is_err())
            .unwrap_or(u64::MAX)
    }

    /// Returns the number in the name `V.<number>`.
    pub(super) fn number(&self, path: &Path) -> Option<u64> {
        match self.path.parse_name(path.file_name()?)? {
            KeptName::Generation(number) => Some(number),
            KeptName::Aside(_) => None,
        }
    }
}

impl From<Conflict<PathBuf>> for StoreError {
    fn from(conflict: Conflict<PathBuf>) -> Self {
        match conflict {
            Conflict::SameGeneration {
                generation,
                first,
                second,
            } => StoreError::Conflict {
                generation,
                first,
                second,
            },
            Conflict::DifferentVaults { first, second } => {
                StoreError::DifferentVaults { first, second }
            }
        }
    }
}

pub(super) fn read_bytes(path: &Path) -> Result<Contents, StoreError> {
    read(path, MAX_FILE_LEN as u64)
}

pub(super) fn invalid(path: &Path, error: &VaultError) -> StoreError {
    StoreError::Invalid {
        path: path.to_path_buf(),
        error: error.clone(),
    }
}
