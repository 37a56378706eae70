//! Making `V` whole again, without any passphrase.

use std::path::{Path, PathBuf};

use cofferdam_core::seal::{Conflict, Intact, VaultFile, VaultId};

use super::durable::{Contents, is_taken, keep_damaged, move_new, read_start, sync_folder};
use super::survey::Survey;
use super::verify::read_vault;
use super::{LockedVault, StoreError};

/// The first bytes of a journal: its magic and the vault's id.
const JOURNAL_START: u64 = 8 + 16;

/// What `repair` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repaired {
    /// The vault and all beside it were sound; nothing was changed.
    NothingToDo {
        /// Its generation.
        generation: u64,
    },
    /// Something was wrong, and is put right.
    From {
        /// The file whose content now stands in `V`; `V` itself when only files beside it were in
        /// the way.
        source: PathBuf,
        /// The generation that now stands.
        generation: u64,
        /// The highest generation among what was intact before: greater than `generation` when the
        /// operator chose an older one.
        highest: u64,
        /// The files that were moved out of the way, with their new names.
        aside: Vec<(PathBuf, PathBuf)>,
    },
}

impl LockedVault {
    /// Makes `V` the newest intact generation, or the file that the operator chose (`chosen`,
    /// anywhere on the machine).
    ///
    /// Nothing is deleted: what was in `V` becomes `V.<generation>` or `V.aside.<k>`, and earlier
    /// files that are damaged or contradict the result become `V.aside.<k>`. Killed at any point,
    /// it can be run again.
    ///
    /// # Errors
    ///
    /// When no intact file is left, intact files contradict each other and none is chosen, or the
    /// chosen one is not intact or belongs to another vault than an intact `V`.
    pub(crate) fn repair(&self, chosen: Option<&Path>) -> Result<Repaired, StoreError> {
        self.check()?;
        let survey = self.survey()?;
        survey.require_known_formats()?;
        let vault = self.path().vault();
        let source = match chosen {
            Some(path) => self.choose(&survey, path)?,
            None => self.newest(&survey)?,
        };
        let highest = survey
            .of(source.file.vault_id())
            .intact
            .first()
            .map_or(0, |newest| newest.file.generation());
        let generation = source.file.generation();
        let mut aside = Vec::new();
        let mut free_aside = survey.free_aside();

        let stands = survey.holds(vault, &source.file);
        if !stands {
            self.put(&survey, &source.file, &mut free_aside, &mut aside)?;
        }
        for path in in_the_way(&survey, &source.file, vault) {
            let to = self.path().aside(free_aside);
            free_aside = survey.free_aside_after(free_aside);
            move_new(&path, &to)?;
            aside.push((path, to));
        }
        sync_folder(vault)?;
        Ok(if stands && aside.is_empty() {
            Repaired::NothingToDo { generation }
        } else {
            Repaired::From {
                source: source.name,
                generation,
                highest,
                aside,
            }
        })
    }

    /// Takes back a vault's generation that no writing comes to: what has a later one than `file`,
    /// `V` included, becomes `V.aside.<k>`, and `file` becomes `V`. Killed before the end, it can
    /// be run again.
    ///
    /// # Errors
    ///
    /// When the lock is lost, `V` is not `present`, or the system refuses.
    pub(crate) fn reseal(
        &self,
        present: &VaultFile,
        file: &VaultFile,
    ) -> Result<Vec<(PathBuf, PathBuf)>, StoreError> {
        self.check_vault(present)?;
        let survey = self.survey()?;
        let mut aside = Vec::new();
        let mut free_aside = survey.free_aside();
        for path in in_the_way(&survey, file, self.path().vault()) {
            let to = self.path().aside(free_aside);
            free_aside = survey.free_aside_after(free_aside);
            move_new(&path, &to)?;
            aside.push((path, to));
        }
        self.put(&survey, file, &mut free_aside, &mut aside)?;
        sync_folder(self.path().vault())?;
        Ok(aside)
    }

    /// Reads the file that the operator chose, and holds it against what tells which vault this is:
    /// the journal, or else any intact file.
    fn choose(&self, survey: &Survey, path: &Path) -> Result<Intact<PathBuf>, StoreError> {
        let file = read_vault(path)?;
        let other = |vault: PathBuf| StoreError::OtherVault {
            chosen: path.to_path_buf(),
            vault,
        };
        match self.journal_of()? {
            Some(id) if id != file.vault_id() => return Err(other(self.path().journal())),
            Some(_) => {}
            None => {
                let chosen = |intact: &&Intact<PathBuf>| intact.name != path;
                let known: Vec<_> = survey.ranking().intact.iter().filter(chosen).collect();
                let same = |intact: &&Intact<PathBuf>| intact.file.vault_id() == file.vault_id();
                let vault = survey.vault();
                let stands = vault.is_ok_and(|present| present.vault_id() != file.vault_id());
                if stands {
                    return Err(other(self.path().vault().to_path_buf()));
                }
                if let (Some(first), false) = (known.first(), known.iter().any(same)) {
                    return Err(other(first.name.clone()));
                }
            }
        }
        Ok(Intact {
            name: path.to_path_buf(),
            file,
        })
    }

    /// Returns the vault that the journal names, if there is one that begins as a journal does.
    fn journal_of(&self) -> Result<Option<VaultId>, StoreError> {
        let start = match read_start(&self.path().journal(), JOURNAL_START) {
            Ok(Contents::Bytes(bytes)) => bytes,
            Ok(Contents::TooLong(_)) | Err(StoreError::Missing(_) | StoreError::NotAFile(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let id = start
            .strip_prefix(b"CFDRJNL")
            .and_then(|rest| rest.get(1..));
        Ok(id.and_then(|id| id.try_into().ok()).map(VaultId))
    }

    /// Chooses the newest generation; only a contradiction about that one needs the operator.
    fn newest(&self, survey: &Survey) -> Result<Intact<PathBuf>, StoreError> {
        let vault = self.path().vault();
        let candidates = match survey.vault() {
            Ok(present) => survey.of(present.vault_id()),
            Err(error @ StoreError::Missing(_)) => return Err(error),
            Err(_) => survey.ranking().clone(),
        };
        let candidates = survey.plausible(candidates);
        let Some(newest) = candidates.intact.first() else {
            return Err(StoreError::NothingIntact(vault.to_path_buf()));
        };
        match candidates.newest() {
            Err(Conflict::SameGeneration { generation, .. })
                if generation < newest.file.generation() => {}
            Err(conflict) => return Err(conflict.into()),
            Ok(_) => {}
        }
        Ok(newest.clone())
    }

    /// Puts `file` into `V`, and keeps what was there.
    fn put(
        &self,
        survey: &Survey,
        file: &VaultFile,
        free_aside: &mut u64,
        aside: &mut Vec<(PathBuf, PathBuf)>,
    ) -> Result<(), StoreError> {
        let vault = self.path().vault();
        if !is_taken(vault)? {
            return self.replace(None, file, None);
        }
        if !vault
            .metadata()
            .map_err(StoreError::io("look at", vault))?
            .is_file()
        {
            return Err(StoreError::NotAFile(vault.to_path_buf()));
        }
        let present = survey.vault().ok();
        if let Some(present) = present {
            let name = self.path().generation(present.generation());
            let belongs =
                present.vault_id() == file.vault_id() && present.generation() < file.generation();
            if survey.holds(&name, present) {
                return self.replace(Some(present), file, None);
            }
            if belongs && !is_taken(&name)? {
                return self.replace(Some(present), file, Some((present.as_bytes(), &name)));
            }
        }
        let to = self.path().aside(*free_aside);
        *free_aside = survey.free_aside_after(*free_aside);
        aside.push((vault.to_path_buf(), to.clone()));
        keep_damaged(vault, &to)?;
        self.replace(None, file, None)
    }
}

/// Returns the files beside `V` that are damaged, contradict `source` or each other, or have the
/// name that the next write needs. Other vaults, and what is no vault, are left alone: they only
/// happen to be named so.
fn in_the_way(survey: &Survey, source: &VaultFile, vault: &Path) -> Vec<PathBuf> {
    let is_needed = |path: &Path| survey.number(path) == Some(source.generation());
    let ours = survey.of(source.vault_id()).intact;
    let contradicts = |candidate: &VaultFile| {
        candidate.generation() > source.generation()
            || ours
                .iter()
                .map(|other| &other.file)
                .chain([source])
                .any(|other| other.generation() == candidate.generation() && other != candidate)
    };
    let intact = survey
        .ranking()
        .intact
        .iter()
        .filter(|candidate| match &candidate.file {
            file if file.vault_id() == source.vault_id() => file != source && contradicts(file),
            _ => is_needed(&candidate.name),
        });
    let damaged = survey.ranking().damaged.iter();
    let damaged = damaged.filter(|damaged| damaged.error.is_damage() || is_needed(&damaged.name));
    let unreadable = survey.unreadable().iter().map(|(path, _)| path);
    intact
        .map(|candidate| &candidate.name)
        .chain(damaged.map(|damaged| &damaged.name))
        .chain(unreadable.filter(|path| path.is_file()))
        .filter(|path| *path != vault)
        .cloned()
        .collect()
}
